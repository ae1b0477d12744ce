import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { OpsPayload } from "../../contract/ops.ts";
import type { ObservedRun } from "../../contract/ops-observed.ts";
import { opsContract, opsRun, TOKEN } from "../../test/ops/contract.ts";
import { database } from "../../test/postgres/database.ts";
import type { TestDatabase } from "../../test/postgres/database.ts";
import { opsMigrations } from "../ops.ts";
import { DEFAULT_TABLE } from "../run-log/columns.ts";
import { ensureTable } from "../run-log/ensure.ts";
import { insertRun } from "../run-log/insert.ts";
import { WORKOUTLOG_TABLE } from "../run-log/run-log.fixture.ts";

type Handler = (request: Request) => Promise<Response>;

const ask = async (handle: Handler, query = ""): Promise<{ status: number; payload: OpsPayload }> => {
  const request = new Request(`http://app.test/api/ops/migrations${query}`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const response = await handle(request);
  return { status: response.status, payload: OpsPayload.parse(await response.json()) };
};

async function log(db: TestDatabase, runs: ObservedRun[], pending: string[] = [], table = DEFAULT_TABLE) {
  const client = await db.connect();
  await ensureTable(client, table);
  for (const [index, run] of runs.entries()) {
    const row = {
      ...run,
      startedAt: new Date(run.startedAt),
      finishedAt: run.finishedAt === null ? null : new Date(run.finishedAt),
      pending: index === 0 ? pending : [],
    };
    await insertRun(client, table, row);
    await client.query(`update ${table.schema}.${table.table} set heartbeat_at = $2 where id = $1`, [
      run.id,
      run.heartbeatAt,
    ]);
  }
}

describe("the contract, from a run log", () => {
  opsContract(async ({ token, runs, pending }) => {
    const db = await database();
    await log(db, runs, pending);
    const pool = new pg.Pool({ connectionString: db.url });
    pool.on("error", () => undefined);
    return {
      handle: opsMigrations({ pool, ...(token === null ? {} : { token }) }),
      namespace: "",
      name: db.name,
      async [Symbol.asyncDispose]() {
        await pool.end();
        await db[Symbol.asyncDispose]();
      },
    };
  });
});

describe("what is pending", () => {
  test("is what the newest planned run left; later runs that looked at nothing don't count", async () => {
    await using db = await database();
    await log(db, [opsRun("SUCCESS", 60_000)], ["0043_c"]);
    await log(db, [
      opsRun("SKIPPED", 1_000, { versionAfter: null, runner: "web-startup" }),
      opsRun("LOCK_TIMEOUT", 2_000, {
        versionAfter: null,
        error: { code: "RUNNER_LOCK_TIMEOUT", message: "another runner is at work", migration: null },
      }),
    ]);
    const { payload } = await ask(opsMigrations({ databaseUrl: db.url, token: TOKEN }), "?limit=1");
    expect(payload.migrations).toMatchObject([{ pending: ["0043_c"], version: "0042_b" }]);
  });

  test("while a run is at work is what it began with, less what it has applied", async () => {
    await using db = await database();
    await log(db, [opsRun("RUNNING", 1_000, { applied: ["0043_c"] })], ["0043_c", "0044_d"]);
    const { payload } = await ask(opsMigrations({ databaseUrl: db.url, token: TOKEN }));
    expect(payload).toMatchObject({ status: "ok", migrations: [{ pending: ["0044_d"], version: "0043_c" }] });
  });

  test("is found although a hundred disabled starts came later", async () => {
    await using db = await database();
    await log(db, [opsRun("SUCCESS", 60_000)], ["0043_c"]);
    await db.query(`insert into lockkeeper.migration_run_log (id, status, runner, started_at, heartbeat_at, finished_at)
      select gen_random_uuid(), 'SKIPPED', 'web-startup', now(), now(), now() from generate_series(1, 700)`);
    const { payload } = await ask(opsMigrations({ databaseUrl: db.url, token: TOKEN }), "?limit=100");
    expect(payload.migrations[0]?.pending).toEqual(["0043_c"]);
    expect(payload.migrations[0]?.recentRuns).toHaveLength(100);
  });

  test("drift that the newest run found is critical until a run finds none", async () => {
    await using db = await database();
    const error = { code: "DRIFT", message: "0007_x changed", migration: "0007_x" };
    await log(db, [opsRun("FAILED", 3_600_000, { error })]);
    const first = await ask(opsMigrations({ databaseUrl: db.url, token: TOKEN }), "?lookbackMinutes=5");
    expect(first.payload.alerts).toMatchObject([{ code: "DRIFT", message: expect.stringContaining("0007_x") }]);
    await log(db, [opsRun("SKIPPED", 1_000)]);
    const second = await ask(opsMigrations({ databaseUrl: db.url, token: TOKEN }), "?lookbackMinutes=5");
    expect(second.payload.status).toBe("ok");
  });

  test("with the app's folder is what its history lacks, also without any run", async () => {
    await using db = await database();
    const dir = await mkdtemp(join(tmpdir(), "ops-"));
    try {
      await writeFile(join(dir, "0001_a.sql"), "select 1;");
      await writeFile(join(dir, "0002_b.sql"), "select 2;");
      const handle = opsMigrations({ databaseUrl: db.url, token: TOKEN, dir });
      expect((await ask(handle)).payload).toMatchObject({
        status: "critical",
        migrations: [{ pending: ["0001_a", "0002_b"], version: null, telemetry: { available: false } }],
      });
      await db.query(`create schema lockkeeper; create table lockkeeper.migration_history (
        name text primary key, checksum text not null, run_id uuid, applied_at timestamptz not null default now());
        insert into lockkeeper.migration_history (name, checksum) values ('0001_a', 'other')`);
      const later = await ask(opsMigrations({ databaseUrl: db.url, token: TOKEN, dir }));
      expect(later.payload.alerts.map(({ code }) => code)).toEqual(["DRIFT", "PENDING_MIGRATIONS", "STALE_TELEMETRY"]);
      expect(later.payload.migrations).toMatchObject([{ pending: ["0002_b"], version: "0001_a" }]);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

describe("the run log's table", () => {
  test("may be the application's own", async () => {
    await using db = await database();
    await db.query(WORKOUTLOG_TABLE);
    await log(db, [opsRun("SUCCESS", 1_000)], [], { schema: "public", table: "migration_run_log" });
    const options = { databaseUrl: db.url, token: TOKEN, runLogTable: "public.migration_run_log" };
    expect((await ask(opsMigrations(options))).payload).toMatchObject({
      status: "ok",
      migrations: [{ name: db.name }],
    });
  });

  test("that isn't there is a warning, and none is made", async () => {
    await using db = await database();
    const { status, payload } = await ask(opsMigrations({ databaseUrl: db.url, token: TOKEN }));
    expect(status).toBe(200);
    expect(payload.alerts).toMatchObject([{ severity: "warning", code: "STALE_TELEMETRY" }]);
    expect(payload.migrations[0]?.telemetry.reason).toBe("there is no table lockkeeper.migration_run_log");
    expect(await db.query("select from pg_namespace where nspname = 'lockkeeper'")).toEqual([]);
  });

  test("that the role may not read is a warning that names the GRANT, which is enough", async () => {
    await using db = await database();
    await log(db, [opsRun("SUCCESS", 1_000)]);
    const { name, url } = await db.role("reader", { grants: ["usage on schema lockkeeper"] });
    const { payload } = await ask(opsMigrations({ databaseUrl: url, token: TOKEN }));
    const grant = `GRANT SELECT ON "lockkeeper"."migration_run_log" TO "${name}"`;
    expect(payload.migrations[0]?.telemetry.reason).toContain(grant);
    await db.query(grant);
    expect((await ask(opsMigrations({ databaseUrl: url, token: TOKEN }))).payload.status).toBe("ok");
  });

  test("is read by an app's pool whatever types it parses its own way", async () => {
    await using db = await database();
    await log(db, [opsRun("SUCCESS", 1_000, { applied: ["0042_b"] })]);
    const pool = new pg.Pool({
      connectionString: db.url,
      types: { getTypeParser: () => (text: string | Buffer) => text.toString() },
    });
    try {
      const { payload } = await ask(opsMigrations({ pool, token: TOKEN }));
      expect(payload.migrations[0]?.recentRuns).toMatchObject([{ applied: ["0042_b"], lockWaitMs: 12 }]);
    } finally {
      await pool.end();
    }
  });
});

describe("a database that doesn't answer", () => {
  const PASSWORD = "canary-hunter2%2Fx";

  const down = (reason: RegExp) => ({
    status: 503,
    payload: {
      status: "critical",
      alerts: [{ severity: "critical", code: "STALE_TELEMETRY" }],
      migrations: [{ name: "shop", telemetry: { available: false, reason: expect.stringMatching(reason) } }],
    },
  });

  async function listening(onConnection: (port: number) => Promise<void>): Promise<void> {
    const sockets = new Set<{ destroy(): void }>();
    const server = createServer((socket) => void sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await onConnection((server.address() as AddressInfo).port);
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  test("because nobody listens", async () => {
    let closed = 0;
    await listening(async (port) => void (closed = port));
    const databaseUrl = `postgres://web:${PASSWORD}@127.0.0.1:${closed}/shop`;
    const answer = await ask(opsMigrations({ databaseUrl, token: TOKEN }));
    expect(answer).toMatchObject(down(/ECONNREFUSED/));
    expect(JSON.stringify(answer)).not.toContain("canary");
  });

  test("because it accepts and says nothing", async () => {
    await listening(async (port) => {
      const databaseUrl = `postgres://web:${PASSWORD}@127.0.0.1:${port}/shop`;
      const answer = await ask(opsMigrations({ databaseUrl, token: TOKEN }));
      expect(answer).toMatchObject(down(/timeout|no answer within/));
      expect(JSON.stringify(answer)).not.toContain("canary");
    });
  });

  test("because the password is wrong", async () => {
    await using db = await database();
    const role = await db.role("web");
    const url = new URL(role.url);
    url.password = PASSWORD;
    const { status, payload } = await ask(opsMigrations({ databaseUrl: url.href, token: TOKEN }));
    expect(status).toBe(503);
    expect(payload.migrations[0]?.telemetry.reason).toContain("password authentication failed");
    expect(JSON.stringify(payload)).not.toContain("canary");
  });

  test("because its URL can't be read, which isn't repeated", async () => {
    const { status, payload } = await ask(
      opsMigrations({ databaseUrl: `postgres://web:${PASSWORD}@[::broken/shop`, token: TOKEN }),
    );
    expect(status).toBe(503);
    expect(JSON.stringify(payload)).not.toContain("canary");
  });

  test("because a lock on the log holds the query up", async () => {
    await using db = await database();
    await log(db, [opsRun("SUCCESS", 1_000)]);
    const handle = opsMigrations({ databaseUrl: db.url, token: TOKEN });
    const blocker = await db.connect();
    await blocker.query("begin; lock table lockkeeper.migration_run_log");
    const { status, payload } = await ask(handle);
    expect(status).toBe(503);
    expect(payload.migrations[0]?.telemetry.reason).toMatch(/timeout|no answer/);
    await blocker.query("rollback");
    expect((await ask(handle, "?limit=21")).status).toBe(200);
  });

  test("and answers again has a new connection", async () => {
    await using db = await database();
    await log(db, [opsRun("SUCCESS", 1_000)]);
    const handle = opsMigrations({ databaseUrl: db.url, token: TOKEN });
    expect((await ask(handle)).status).toBe(200);
    await db.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lockkeeper-ops'");
    expect((await ask(handle, "?limit=21")).status).toBe(200);
  });
});

describe("connections", () => {
  test("none is opened before the first request that has the token", async () => {
    await using db = await database();
    const handle = opsMigrations({ databaseUrl: db.url, token: TOKEN });
    await handle(new Request("http://app.test/api/ops/migrations"));
    const open = () =>
      db.query(
        "select from pg_stat_activity where application_name = 'lockkeeper-ops' and datname = current_database()",
      );
    expect(await open()).toHaveLength(0);
    await Promise.all(Array.from({ length: 20 }, () => ask(handle)));
    expect(await open()).toHaveLength(1);
  });
});
