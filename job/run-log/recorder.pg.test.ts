import { describe, expect, test } from "vitest";
import { database } from "../../test/postgres/database.ts";
import type { TestDatabase } from "../../test/postgres/database.ts";
import { parseTableName } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";
import { openRecorder } from "./recorder.ts";
import type { Recorder } from "./recorder.ts";
import { recordFinished } from "./record-finished.ts";
import type { RunRow } from "./run-log.ts";
import { DAY_MS, id, row, WORKOUTLOG_TABLE } from "./run-log.fixture.ts";

type Options = { table?: string; enabled?: boolean; retentionMs?: number; secrets?: string[]; patienceMs?: number };

function recorder(db: () => Queryable | null, { table, enabled = true, retentionMs = 0, ...rest }: Options = {}) {
  const warnings: string[] = [];
  const opened = openRecorder({
    db,
    settings: {
      enabled,
      table: table === undefined ? null : parseTableName(table, "--run-log-table"),
      retentionMs,
    },
    onWarning: (reason) => warnings.push(reason),
    ...rest,
  });
  return { ...opened, warnings };
}

const rows = async (db: TestDatabase, table = "lockkeeper.migration_run_log") =>
  await db.query<Record<string, unknown>>(`select * from ${table} order by started_at, id`);
const exists = async (db: TestDatabase, name: string) =>
  (await db.query<{ is: boolean }>("select to_regclass($1) is not null as is", [name]))[0]?.is;

/** A run from its start to its end, as the runner calls it. */
async function wholeRun(log: Recorder, db: Queryable, end: Partial<RunRow> = {}): Promise<void> {
  await log.prepare(db);
  await log.start(row({ status: "RUNNING", finishedAt: null }));
  await log.finish(row({ status: "SUCCESS", ...end }));
  await log.prune();
}

describe("a run's row", () => {
  test("is written when the run starts, kept up to date, and finished", async () => {
    await using db = await database();
    const client = await db.connect();
    const log = recorder(() => client);
    await log.prepare(client);
    await log.start(row({ status: "RUNNING", finishedAt: null, pending: ["0001_a", "0002_b"] }));
    expect(await rows(db)).toMatchObject([{ status: "RUNNING", pending: ["0001_a", "0002_b"], applied: [] }]);

    await log.update({ applied: ["0001_a"], lockWaitMs: 12.4 });
    expect(await rows(db)).toMatchObject([{ status: "RUNNING", applied: ["0001_a"], lock_wait_ms: "12" }]);

    const error = { code: "55P03", message: "canceling statement due to lock timeout", migration: "0002_b" };
    const blockers = [
      {
        pid: 812,
        user: "web",
        application: "web",
        state: "idle in transaction",
        transactionAge: "4m",
        relation: "public.orders",
        mode: "AccessShareLock",
        preparedTransaction: null,
      },
    ];
    await log.finish(row({ status: "LOCK_TIMEOUT", applied: ["0001_a"], error, blockers }));
    expect(await rows(db)).toMatchObject([
      {
        id: id(1),
        status: "LOCK_TIMEOUT",
        runner: "cli",
        source: "web:1",
        host: "web-1",
        applied: ["0001_a"],
        error_code: "55P03",
        error_message: "canceling statement due to lock timeout",
        error_migration: "0002_b",
        blockers,
        finished_at: new Date("2026-01-01T00:00:10.000Z"),
      },
    ]);
    expect(log.telemetry()).toEqual({ available: true, reason: "" });
    expect(log.warnings).toEqual([]);
  });

  test("gets a heartbeat with every update, by the server's clock", async () => {
    await using db = await database();
    const client = await db.connect();
    const log = recorder(() => client);
    await log.start(row({ status: "RUNNING", finishedAt: null }));
    await db.query("update lockkeeper.migration_run_log set heartbeat_at = '2000-01-01'");
    await log.update({});
    const [{ fresh } = { fresh: false }] = await db.query<{ fresh: boolean }>(
      "select heartbeat_at between now() - interval '1 minute' and clock_timestamp() as fresh from lockkeeper.migration_run_log",
    );
    expect(fresh).toBe(true);
  });

  test("holds no credential, no NUL and no half character", async () => {
    await using db = await database();
    const client = await db.connect();
    const log = recorder(() => client, { secrets: ["hunter2hunter2"] });
    await wholeRun(log, client, {
      status: "FAILED",
      host: "a\0b\ud83d",
      error: { code: "XX000", message: "hunter2hunter2 at postgres://u:secret@db/x", migration: "a\0" },
      blockers: [
        {
          pid: 1,
          user: null,
          application: "\0\ud83d",
          state: null,
          transactionAge: null,
          relation: null,
          mode: null,
          preparedTransaction: null,
        },
      ],
    });
    expect(log.telemetry()).toEqual({ available: true, reason: "" });
    expect(JSON.stringify(await rows(db))).not.toMatch(/hunter2|secret/);
    expect(await rows(db)).toMatchObject([{ host: "a\uFFFDb\uFFFD" }]);
  });

  test("that is finished never changes again", async () => {
    await using db = await database();
    const client = await db.connect();
    await wholeRun(
      recorder(() => client),
      client,
    );
    const late = recorder(() => client);
    await late.start(row({ status: "RUNNING", finishedAt: null }));
    await late.finish(row({ status: "FAILED" }));
    expect(await rows(db)).toMatchObject([{ status: "SUCCESS" }]);
    expect(late.telemetry().reason).toContain("is in lockkeeper.migration_run_log already, finished");
  });

  test("of a runner that died before is taken over by a run of the same id", async () => {
    await using db = await database();
    const client = await db.connect();
    await recorder(() => client).start(row({ status: "RUNNING", finishedAt: null, host: "first" }));
    const second = recorder(() => client);
    await second.start(row({ status: "RUNNING", finishedAt: null, host: "second" }));
    await second.finish(row({ status: "SUCCESS", host: "second" }));
    expect(await rows(db)).toMatchObject([{ status: "SUCCESS", host: "second" }]);
  });

  test("that somebody deleted is written again", async () => {
    await using db = await database();
    const client = await db.connect();
    const log = recorder(() => client);
    await log.start(row({ status: "RUNNING", finishedAt: null }));
    await db.query("delete from lockkeeper.migration_run_log");
    await log.finish(row({ status: "SUCCESS" }));
    expect(await rows(db)).toMatchObject([{ status: "SUCCESS" }]);
  });
});

describe("the table", () => {
  test("that is our own gets the columns that it lacks, and keeps its rows", async () => {
    await using db = await database();
    const client = await db.connect();
    await wholeRun(
      recorder(() => client),
      client,
    );
    await db.query(
      "alter table lockkeeper.migration_run_log drop column pending, drop column blockers, drop column heartbeat_at",
    );
    const log = recorder(() => client);
    await log.prepare(client);
    await log.start(row({ id: id(2), status: "RUNNING", finishedAt: null, pending: ["0003"] }));
    expect(await rows(db)).toMatchObject([{ pending: [], blockers: null }, { pending: ["0003"] }]);
    expect(log.telemetry().available).toBe(true);
  });

  test("of another name in our own schema is created too", async () => {
    await using db = await database();
    const client = await db.connect();
    await wholeRun(
      recorder(() => client, { table: 'lockkeeper."Runs"' }),
      client,
    );
    expect(await rows(db, 'lockkeeper."Runs"')).toHaveLength(1);
  });

  test("of an application is used as it is", async () => {
    await using db = await database();
    await db.query(WORKOUTLOG_TABLE);
    const client = await db.connect();
    await wholeRun(
      recorder(() => client, { table: "public.migration_run_log" }),
      client,
    );
    expect(await rows(db, "public.migration_run_log")).toMatchObject([{ status: "SUCCESS" }]);
    expect(await exists(db, "lockkeeper.migration_run_log")).toBe(false);
  });

  test("of an application may have other types that hold the same, and no unique key", async () => {
    await using db = await database();
    await db.query(
      WORKOUTLOG_TABLE.replace('"id" uuid PRIMARY KEY', '"id" text')
        .replaceAll("text[]", "varchar[]")
        .replace("bigint", "integer")
        .replace("jsonb", "json"),
    );
    const client = await db.connect();
    await wholeRun(
      recorder(() => client, { table: "public.migration_run_log" }),
      client,
      { applied: ["0001"] },
    );
    const again = recorder(() => client, { table: "public.migration_run_log" });
    await wholeRun(again, client);
    expect(await rows(db, "public.migration_run_log")).toMatchObject([{ id: id(1), applied: ["0001"] }]);
    expect(again.telemetry().available).toBe(false);
  });

  test("of an application is never created; a run that ends without it says why there is no log", async () => {
    await using db = await database();
    const client = await db.connect();
    const log = recorder(() => client, { table: "public.migration_run_log" });
    await wholeRun(log, client);
    expect(await exists(db, "public.migration_run_log")).toBe(false);
    expect(log.telemetry()).toEqual({ available: false, reason: "there is no table public.migration_run_log" });
    expect(log.warnings).toEqual(["there is no table public.migration_run_log"]);
  });

  test("that one of the migrations creates gets the whole run, without a warning", async () => {
    await using db = await database();
    const client = await db.connect();
    const log = recorder(() => client, { table: "public.migration_run_log" });
    await log.prepare(client);
    await log.start(row({ status: "RUNNING", finishedAt: null, pending: ["0010"] }));
    await log.update({ lockWaitMs: 7 });
    await db.query(WORKOUTLOG_TABLE);
    await log.update({ applied: ["0010"] });
    expect(await rows(db, "public.migration_run_log")).toMatchObject([
      { status: "RUNNING", pending: ["0010"], applied: ["0010"], lock_wait_ms: "7" },
    ]);
    await log.finish(row({ status: "SUCCESS", pending: ["0010"], applied: ["0010"] }));
    expect(await rows(db, "public.migration_run_log")).toMatchObject([{ status: "SUCCESS" }]);
    expect(log.telemetry().available).toBe(true);
    expect(log.warnings).toEqual([]);
  });

  test("that appears only at the end gets the finished row", async () => {
    await using db = await database();
    const client = await db.connect();
    const log = recorder(() => client, { table: "public.migration_run_log" });
    await log.start(row({ status: "RUNNING", finishedAt: null }));
    await db.query(WORKOUTLOG_TABLE);
    await log.finish(row({ status: "SUCCESS" }));
    expect(await rows(db, "public.migration_run_log")).toMatchObject([{ status: "SUCCESS" }]);
  });

  test.each([
    [
      "a column of the wrong type",
      "alter table r alter lock_wait_ms drop default, alter lock_wait_ms type text",
      'its column "lock_wait_ms" is of type text, wanted is bigint',
    ],
    ["a missing column", "alter table r drop column host", 'it has no column "host" of type text'],
    [
      "a column that must be filled",
      "alter table r add team text not null",
      'its column "team" is not null and has no default',
    ],
    [
      "a column that is too short",
      "alter table r alter error_message type varchar(20)",
      'its column "error_message" is of type character varying(20), wanted is text',
    ],
    ["a view", "alter table r rename to hidden; create view r as select * from hidden", "it is no ordinary table"],
  ])("with %s is told about and not written to", async (_what, change, why) => {
    await using db = await database();
    await db.query(WORKOUTLOG_TABLE.replaceAll("migration_run_log", "r"));
    await db.query(change);
    const client = await db.connect();
    const log = recorder(() => client, { table: "public.r" });
    await wholeRun(log, client);
    expect(log.telemetry().reason).toContain(`public.r can't be the run log: ${why}`);
    expect(log.warnings).toHaveLength(1);
    expect(await rows(db, "public.r")).toEqual([]);
  });
});

describe("rights", () => {
  test("a role that may create nothing is told the GRANT, and after it the log is written", async () => {
    await using db = await database();
    const role = await db.role("poor");
    const client = await db.connect();
    await client.query(`set role ${role.name}`);
    const log = recorder(() => client);
    await wholeRun(log, client);
    expect(log.telemetry()).toEqual({
      available: false,
      reason:
        `role ${role.name} may not create lockkeeper.migration_run_log: ` +
        `GRANT CREATE ON DATABASE "${db.name}" TO "${role.name}"`,
    });
    expect(log.warnings).toEqual([log.telemetry().reason]);
    expect(await exists(db, "lockkeeper.migration_run_log")).toBe(false);

    await db.query(/GRANT .*/.exec(log.telemetry().reason)?.[0] ?? "");
    const next = recorder(() => client);
    await wholeRun(next, client);
    expect(next.telemetry()).toEqual({ available: true, reason: "" });
  });

  test("in a schema that is there the GRANT is for the schema", async () => {
    await using db = await database();
    await db.query("create schema lockkeeper");
    const role = await db.role("poor");
    const client = await db.connect();
    await client.query(`set role ${role.name}`);
    const log = recorder(() => client);
    await wholeRun(log, client);
    const grant = `GRANT USAGE, CREATE ON SCHEMA "lockkeeper" TO "${role.name}"`;
    expect(log.telemetry().reason).toContain(grant);
    await db.query(grant);
    const next = recorder(() => client);
    await wholeRun(next, client);
    expect(next.telemetry().available).toBe(true);
  });

  test("on somebody else's table the GRANTs are named, one by one, until the log is written", async () => {
    await using db = await database();
    await db.query("create schema logs");
    await db.query(WORKOUTLOG_TABLE.replace('"migration_run_log"', "logs.runs"));
    const role = await db.role("poor");
    const client = await db.connect();
    await client.query(`set role ${role.name}`);
    const reasons: string[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      const log = recorder(() => client, { table: "logs.runs" });
      await wholeRun(log, client);
      const { reason } = log.telemetry();
      reasons.push(reason);
      const grant = /GRANT .*/.exec(reason)?.[0];
      if (grant !== undefined) await db.query(grant);
    }
    expect(reasons).toEqual([
      expect.stringContaining(`GRANT USAGE ON SCHEMA "logs" TO "${role.name}"`),
      expect.stringContaining(`GRANT SELECT, INSERT, UPDATE, DELETE ON "logs"."runs" TO "${role.name}"`),
      "",
    ]);
  });

  test("a role that may not delete writes the log and prunes nothing", async () => {
    await using db = await database();
    await db.query(WORKOUTLOG_TABLE);
    const role = await db.role("poor", { grants: ["select, insert, update on migration_run_log"] });
    const client = await db.connect();
    await client.query(`set role ${role.name}`);
    const log = recorder(() => client, { table: "public.migration_run_log", retentionMs: DAY_MS });
    await wholeRun(log, client);
    expect(log.telemetry()).toEqual({ available: true, reason: "" });
    expect(log.warnings).toEqual([]);
  });

  test("a role that doesn't own our outdated table is told who does", async () => {
    await using db = await database();
    const owner = await db.connect();
    await wholeRun(
      recorder(() => owner),
      owner,
    );
    await db.query("alter table lockkeeper.migration_run_log drop column blockers");
    const role = await db.role("poor", {
      grants: ["usage on schema lockkeeper", "all on lockkeeper.migration_run_log"],
    });
    const client = await db.connect();
    await client.query(`set role ${role.name}`);
    const log = recorder(() => client);
    await wholeRun(log, client);
    expect(log.telemetry().reason).toContain(`has no column "blockers" and role ${role.name} may not add it`);
    expect(log.telemetry().reason).toContain("ADD COLUMN IF NOT EXISTS blockers jsonb");
  });
});

describe("what a dead runner left", () => {
  test("is finished as ORPHANED by the next run, which tells the last heartbeat", async () => {
    await using db = await database();
    const client = await db.connect();
    await recorder(() => client).start(row({ id: id(1), status: "RUNNING", finishedAt: null, applied: ["0001"] }));
    await db.query("update lockkeeper.migration_run_log set heartbeat_at = '2026-01-01T00:00:05Z'");
    const log = recorder(() => client);
    await log.prepare(client);
    expect(await log.start(row({ id: id(2), status: "RUNNING", finishedAt: null }))).toEqual([id(1)]);
    expect(await rows(db)).toMatchObject([
      {
        id: id(1),
        status: "FAILED",
        applied: ["0001"],
        error_code: "ORPHANED",
        error_message: `the runner died without ending its run; its last heartbeat was at 2026-01-01T00:00:05Z, and run ${id(2)} found it`,
        finished_at: expect.any(Date),
      },
      { id: id(2), status: "RUNNING" },
    ]);
  });

  test("a runner that was taken for dead doesn't overwrite that", async () => {
    await using db = await database();
    const client = await db.connect();
    const slow = recorder(() => client);
    await slow.start(row({ id: id(1), status: "RUNNING", finishedAt: null }));
    await recorder(() => client).start(row({ id: id(2), status: "RUNNING", finishedAt: null }));
    await slow.update({ applied: ["0001"] });
    await slow.finish(row({ id: id(1), status: "SUCCESS" }));
    expect(await rows(db)).toMatchObject([{ status: "FAILED", error_code: "ORPHANED", applied: [] }, { id: id(2) }]);
    expect(slow.telemetry().available).toBe(false);
  });
});

describe("when the log can't be written", () => {
  test("with telemetry off nothing is created, written or warned about", async () => {
    await using db = await database();
    const client = await db.connect();
    const log = recorder(() => client, { enabled: false });
    await wholeRun(log, client);
    await log.update({ applied: ["0001"] });
    expect(await exists(db, "lockkeeper.migration_run_log")).toBe(false);
    expect(log.telemetry()).toEqual({ available: false, reason: "telemetry is switched off" });
    expect(log.warnings).toEqual([]);
  });

  test("because the table is locked, it is one warning, and later calls write all that is known", async () => {
    await using db = await database();
    const client = await db.connect();
    const log = recorder(() => client);
    await log.prepare(client);
    await client.query("set lock_timeout = '50ms'");
    const blocker = await db.connect("pg_dump");
    await blocker.query("begin; lock table lockkeeper.migration_run_log");
    await log.start(row({ status: "RUNNING", finishedAt: null }));
    await log.update({ applied: ["0001"] });
    expect(log.telemetry()).toEqual({
      available: false,
      reason: "the run log can't be written: canceling statement due to lock timeout (55P03)",
    });
    expect(log.warnings).toHaveLength(1);
    await blocker.query("commit");
    await log.update({ applied: ["0001", "0002"] });
    expect(log.telemetry()).toEqual({ available: true, reason: "" });
    expect(await rows(db)).toMatchObject([{ status: "RUNNING", applied: ["0001", "0002"] }]);
  });

  test("because its connection is gone, a new connection writes the rest", async () => {
    await using db = await database();
    const first = await db.connect();
    const second = await db.connect();
    const connections: (Queryable | null)[] = [first];
    const log = recorder(() => connections[0] ?? null);
    await log.start(row({ status: "RUNNING", finishedAt: null }));
    const { rows: pids } = await first.query<{ pid: number }>("select pg_backend_pid() as pid");
    await db.query("select pg_terminate_backend($1)", [pids[0]?.pid]);
    await log.update({ applied: ["0001"] });
    expect(log.telemetry().available).toBe(false);
    connections[0] = null;
    await log.update({ applied: ["0001", "0002"] });
    expect(log.telemetry().reason).toContain("there is no connection for it");
    connections[0] = second;
    await log.finish(row({ status: "SUCCESS", applied: ["0001", "0002"] }));
    expect(log.telemetry()).toEqual({ available: true, reason: "" });
    expect(await rows(db)).toMatchObject([{ status: "SUCCESS", applied: ["0001", "0002"] }]);
    expect(log.warnings).toHaveLength(1);
  });

  test("because the server hangs, the run goes on, and no state is written out of order", async () => {
    await using db = await database();
    const client = await db.connect();
    const log = recorder(() => client, { patienceMs: 100 });
    await log.prepare(client);
    const blocker = await db.connect();
    await blocker.query("begin; lock table lockkeeper.migration_run_log");
    await log.start(row({ status: "RUNNING", finishedAt: null }));
    expect(log.telemetry().reason).toContain("no answer within 0.1 s");
    const finished = log.finish(row({ status: "SUCCESS" }));
    await blocker.query("commit");
    await finished;
    await client.query("select 1");
    expect(await rows(db)).toMatchObject([{ status: "SUCCESS" }]);
  });

  test("because the table vanished in between, it is made again", async () => {
    await using db = await database();
    const client = await db.connect();
    const log = recorder(() => client);
    await log.start(row({ status: "RUNNING", finishedAt: null }));
    await db.query("drop schema lockkeeper cascade");
    await log.update({ applied: ["0001"] });
    await log.finish(row({ status: "SUCCESS", applied: ["0001"] }));
    expect(await rows(db)).toMatchObject([{ status: "SUCCESS", applied: ["0001"] }]);
  });

  test("a reason never holds the error's DETAIL", async () => {
    await using db = await database();
    const client = await db.connect();
    const log = recorder(() => client);
    await log.prepare(client);
    await db.query("alter table lockkeeper.migration_run_log add check (host <> 'web-1')");
    await log.start(row({ status: "RUNNING", finishedAt: null }));
    expect(log.telemetry().reason).toMatch(/violates check constraint .* \(23514\)$/);
    expect(log.telemetry().reason).not.toContain("web-1");
  });
});

describe("retention", () => {
  test("rows that are older are deleted at a run's end, but none that is RUNNING", async () => {
    await using db = await database();
    const client = await db.connect();
    await wholeRun(
      recorder(() => client),
      client,
    );
    await db.query("delete from lockkeeper.migration_run_log");
    await db.query(`insert into lockkeeper.migration_run_log (id, status, runner, started_at, heartbeat_at) values
      ('${id(11)}', 'SUCCESS', 'cli', now() - interval '91 days', now()),
      ('${id(12)}', 'SUCCESS', 'cli', now() - interval '89 days', now())`);
    const log = recorder(() => client, { retentionMs: 90 * DAY_MS });
    await log.start(row({ id: id(13), status: "RUNNING", finishedAt: null, startedAt: new Date() }));
    await db.query(`insert into lockkeeper.migration_run_log (id, status, runner, started_at, heartbeat_at) values
      ('${id(14)}', 'RUNNING', 'cli', now() - interval '91 days', now())`);
    await log.finish(row({ id: id(13), status: "SUCCESS", startedAt: new Date() }));
    await log.prune();
    expect((await rows(db)).map((one) => one["id"])).toEqual([id(14), id(12), id(13)]);
  });
});

describe("a run that never had the lock", () => {
  const settings = { enabled: true, table: null, retentionMs: 0 };

  test("is written as one finished row", async () => {
    await using db = await database();
    const client = await db.connect();
    await recorder(() => client).prepare(client);
    const told = await recordFinished(client, settings, row({ status: "LOCK_TIMEOUT" }));
    expect(told).toEqual({ available: true, reason: "" });
    expect(await rows(db)).toMatchObject([{ status: "LOCK_TIMEOUT" }]);
  });

  test("creates no table", async () => {
    await using db = await database();
    const client = await db.connect();
    const told = await recordFinished(client, settings, row({ status: "SKIPPED" }));
    expect(told).toEqual({ available: false, reason: "there is no table lockkeeper.migration_run_log" });
    expect(await exists(db, "lockkeeper.migration_run_log")).toBe(false);
  });

  test("changes no table", async () => {
    await using db = await database();
    const client = await db.connect();
    await recorder(() => client).prepare(client);
    await db.query("alter table lockkeeper.migration_run_log drop column blockers");
    const told = await recordFinished(client, settings, row({ status: "SKIPPED" }));
    expect(told.reason).toContain("blockers is added to the run log by the next run");
    expect(await rows(db)).toEqual([]);
  });

  test("ends also when the server is gone", async () => {
    await using db = await database();
    const client = await db.connect();
    const { rows: pids } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    await db.query("select pg_terminate_backend($1)", [pids[0]?.pid]);
    expect(await recordFinished(client, settings, row({ status: "SKIPPED" }))).toMatchObject({ available: false });
  });

  test("with telemetry off writes nothing", async () => {
    await using db = await database();
    const client = await db.connect();
    await recorder(() => client).prepare(client);
    await recordFinished(client, { ...settings, enabled: false }, row({ status: "SKIPPED" }));
    expect(await rows(db)).toEqual([]);
  });
});
