import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { LOCK_KEY } from "../../contract/lock.ts";
import { folderWith, journalOf } from "../../job/source/folder-fixture.ts";
import { COMPILE_CACHE } from "../compile-cache.ts";
import { database } from "../postgres/database.ts";
import type { TestDatabase } from "../postgres/database.ts";
import { command, lastLine } from "./cli-process.ts";
import type { Came } from "./many-runs.ts";
import { runFolder } from "./run.ts";

const PROGRAM = fileURLToPath(new URL("many-runs.ts", import.meta.url));

/** Nothing keeps the names in `journal` unique: what is applied a second time shows. */
const entry = (name: string): string => `insert into journal (name) values ('${name}');`;
const JOURNAL = "create table journal (name text not null);";

const names = Array.from({ length: 12 }, (_, i) => `${String(i + 1).padStart(4, "0")}_step`);

/** Twelve files: small ones that share messages, one in statement mode, one that goes alone. */
const FILES: Record<string, string> = Object.fromEntries(names.map((name) => [`${name}.sql`, entry(name)]));
FILES["0001_step.sql"] = `${JOURNAL} ${entry("0001_step")}`;
FILES["0005_step.sql"] = `${entry("0005_step")}\ncreate index concurrently journal_name on journal (name);`;
FILES["0009_step.sql"] = `do $$ begin ${entry("0009_step")} end $$;`;

const DRIZZLE = { ...FILES, "meta/_journal.json": journalOf(names) };

type Log = { id: string; status: string; applied: string[]; finished: boolean; error_code: string | null };

const runLog = async (db: TestDatabase): Promise<Log[]> =>
  await db.query<Log>(
    `select id::text, status, applied, finished_at is not null as finished, error_code
     from lockkeeper.migration_run_log`,
  );

const journal = async (db: TestDatabase): Promise<unknown[]> =>
  (await db.query("select name from journal order by name")).map(({ name }) => name);

/** Several runs in each of several processes, all at once. */
async function manyRuns(db: TestDatabase, dir: string, processes: number, each: number): Promise<Came[]> {
  const outputs = Array.from({ length: processes }, async () => {
    const env = { PATH: process.env.PATH ?? "", ...COMPILE_CACHE, DATABASE_URL: db.url };
    const child = spawn(process.execPath, [PROGRAM, dir, String(each)], { env, stdio: ["ignore", "pipe", "inherit"] });
    const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
    return JSON.parse(output) as Came[];
  });
  return (await Promise.all(outputs)).flat();
}

/** Exactly once, told by every run, and in a log that lacks none of them. */
async function expectOnce(db: TestDatabase, runs: Pick<Came, "runId" | "status" | "applied" | "error">[]) {
  expect(await journal(db)).toEqual(names);
  expect(runs.map(({ error }) => error)).toEqual(runs.map(() => null));
  const workers = runs.filter(({ applied }) => applied.length > 0);
  expect(workers.map(({ status, applied }) => ({ status, applied }))).toEqual([{ status: "SUCCESS", applied: names }]);
  const others = runs.filter((run) => run !== workers[0]);
  expect(new Set(others.map(({ status }) => status))).toEqual(new Set(["SKIPPED"]));
  const log = await runLog(db);
  expect(log.map(({ id }) => id).toSorted()).toEqual(runs.map(({ runId }) => runId).toSorted());
  for (const { runId, status, applied } of runs) {
    expect(log.find(({ id }) => id === runId)).toEqual({
      id: runId,
      status,
      applied,
      finished: true,
      error_code: null,
    });
  }
}

test("two commands at once apply every migration exactly once, and both end well", async () => {
  await using db = await database();
  await using source = await folderWith(FILES);
  const argv = ["migrate", "--dir", source.dir, "--json"];
  const ended = await Promise.all([command(argv, { DATABASE_URL: db.url }), command(argv, { DATABASE_URL: db.url })]);
  expect(ended.map(({ code }) => code)).toEqual([0, 0]);
  const results = ended.map(({ stdout }) => JSON.parse(stdout) as Came);
  await expectOnce(db, results);
  expect(await db.query("select name from lockkeeper.migration_history order by name")).toEqual(
    names.map((name) => ({ name })),
  );
});

test(
  "thirty runners at once, in three processes, apply every migration exactly once",
  { timeout: 240_000 },
  async () => {
    await using db = await database();
    await using source = await folderWith(FILES);
    const runs = await manyRuns(db, source.dir, 3, 10);
    expect(runs).toHaveLength(30);
    await expectOnce(db, runs);
    expect(await db.query("select indisvalid from pg_index where indexrelid = 'journal_name'::regclass")).toEqual([
      { indisvalid: true },
    ]);
  },
);

test("with drizzle's own table, which has no unique key, thirty runners do so too", { timeout: 240_000 }, async () => {
  await using db = await database();
  await using source = await folderWith(DRIZZLE);
  const runs = await manyRuns(db, source.dir, 3, 10);
  expect(runs).toHaveLength(30);
  await expectOnce(db, runs);
  expect(await db.query("select count(*)::int as rows from drizzle.__drizzle_migrations")).toEqual([{ rows: 12 }]);
});

test("runners that come while others finish find their work and add none", async () => {
  await using db = await database();
  await using source = await folderWith(FILES);
  // Each folder is ahead of the one before it, as releases are.
  const upTo = names.map(async (name) => await runFolder(db, source.dir, { to: name, lock: { waitMs: 60_000 } }));
  const runs = await Promise.all(upTo);
  expect(runs.map(({ error }) => error)).toEqual(runs.map(() => null));
  expect(await journal(db)).toEqual(names);
  expect(runs.flatMap(({ applied }) => applied).toSorted()).toEqual(names);
});

test("a runner that waits tells who holds the lock, and after --lock-wait it gives up with exit 10", async () => {
  await using db = await database();
  await using source = await folderWith(FILES);
  const other = await db.connect("other-runner");
  const { rows } = await other.query<{ pid: number }>(
    `select pg_backend_pid() as pid, pg_advisory_lock(${LOCK_KEY})::text as locked`,
  );
  const pid = rows[0]?.pid;

  const argv = ["migrate", "--dir", source.dir, "--lock-wait", "700ms", "--run-id", RUN_ID];
  const ended = await command(argv, { DATABASE_URL: db.url });
  expect(ended).toMatchObject({ code: 10, stderr: "" });
  const lines = ended.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.find(({ event }) => event === "waiting-for-lock")).toMatchObject({
    holder: { pid, application: "other-runner", state: "idle", user: "postgres" },
  });
  expect(ended.stdout).not.toContain("pg_advisory_lock");
  const finished = lastLine(ended.stdout);
  expect(finished).toMatchObject({
    event: "finished",
    status: "LOCK_TIMEOUT",
    exitCode: 10,
    applied: [],
    error: { code: "RUNNER_LOCK_TIMEOUT" },
    blockers: [{ pid, application: "other-runner", state: "idle" }],
  });
  const { message } = finished["error"] as { message: string };
  expect(message).toMatch(
    new RegExp(`^waited .* for the migration lock; it is held by pid ${pid} \\(other-runner, idle for `),
  );
});

test("the wait that ended without the lock is a finished row where the log's table is there", async () => {
  await using db = await database();
  await using source = await folderWith(FILES);
  await runFolder(db, source.dir, { to: "0002_step" });
  const other = await db.connect("other-runner");
  await other.query(`select pg_advisory_lock(${LOCK_KEY})`);
  const ran = await runFolder(db, source.dir, { lock: { waitMs: 300 } });
  expect(ran).toMatchObject({ status: "LOCK_TIMEOUT", exitCode: 10, telemetry: { available: true } });
  expect(ran.lockWaitMs).toBeGreaterThanOrEqual(300);
  const [row] = await db.query(
    `select status, error_code, error_message, finished_at >= started_at as finished, lock_wait_ms::int >= 300 as waited,
            blockers->0->>'application' as application
     from lockkeeper.migration_run_log where id = $1`,
    [ran.runId],
  );
  expect(row).toEqual({
    status: "LOCK_TIMEOUT",
    error_code: "RUNNER_LOCK_TIMEOUT",
    error_message: ran.error?.message,
    finished: true,
    waited: true,
    application: "other-runner",
  });

  await other.query(`select pg_advisory_unlock(${LOCK_KEY})`);
  expect(await runFolder(db, source.dir)).toMatchObject({ status: "SUCCESS", applied: names.slice(2) });
});

test("without pg_read_all_stats the holder's pid is told, and that the rest is hidden", async () => {
  await using db = await database();
  await using source = await folderWith(FILES);
  const role = await db.role("blind", { grants: ["all on schema public", `create on database ${db.name}`] });
  const other = await db.connect("other-runner");
  const { rows } = await other.query<{ pid: number }>(
    `select pg_backend_pid() as pid, pg_advisory_lock(${LOCK_KEY})::text as locked`,
  );
  const ran = await runFolder(role, source.dir, { lock: { waitMs: 100 } });
  expect(ran.blockers).toMatchObject([{ pid: rows[0]?.pid, state: null }]);
  expect(ran.error?.message).toContain(`pid ${rows[0]?.pid}`);
  expect(ran.failure?.details.hint).toContain("pg_read_all_stats");
});

const RUN_ID = "0193a0b0-0000-7000-8000-0000000000cc";
