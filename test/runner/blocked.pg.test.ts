import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import { expect, test } from "vitest";
import type { Blocker } from "../../contract/run.ts";
import type { RunEvent } from "../../job/event.ts";
import { migrate } from "../../job/migrate.ts";
import type { RunResult } from "../../job/result.ts";
import { folderWith } from "../../job/source/folder-fixture.ts";
import { database } from "../postgres/database.ts";
import type { TestDatabase } from "../postgres/database.ts";
import { command, lastLine } from "./cli-process.ts";
import { runFiles, runFolder, settingsFor } from "./run.ts";
import type { Changes } from "./run.ts";

const ALTER = { "0001_alter.sql": "alter table workouts add column note text" };
const AGE = expect.stringMatching(/^\d/) as unknown;
/** One try, or few, each with a short wait. */
const short = (timeoutMs: number, retries = 0): Changes => ({ lock: { timeoutMs, retries } });

type Session = { client: pg.Client; pid: number };

async function session(db: TestDatabase, application: string): Promise<Session> {
  const client = await db.connect(application);
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return { client, pid: rows[0]?.pid ?? 0 };
}

/** A database with a table, in which an application's transaction idles after it did `work`. */
async function blockedDatabase(work: string) {
  const db = await database();
  await db.query("create table workouts (id int primary key, name text)");
  await db.query("insert into workouts values (1, 'run')");
  const web = await session(db, "web");
  await web.client.query("begin");
  await web.client.query(work);
  return { db, web, [Symbol.asyncDispose]: async () => await db[Symbol.asyncDispose]() };
}

/** Runs, and calls `onEvent` with each event as it happens. */
async function watched(
  db: TestDatabase,
  files: Record<string, string>,
  changes: Changes,
  onEvent: (event: RunEvent) => void,
): Promise<RunResult> {
  await using source = await folderWith(files);
  const { signal } = new AbortController();
  return await migrate(settingsFor(db.url, source.dir, changes), { signal, now: () => new Date(), onEvent });
}

const blockersOf = (events: RunEvent[]): Blocker[][] =>
  events.flatMap((event) => (event.type === "blocked" ? [event.blockers] : []));

test("a table that an idle transaction reads gives LOCK_TIMEOUT, which names it everywhere", async () => {
  await using blocked = await blockedDatabase("select from workouts");
  const { db, web } = blocked;
  const blocker = {
    pid: web.pid,
    user: "postgres",
    application: "web",
    state: "idle in transaction",
    transactionAge: AGE,
    relation: "public.workouts",
    mode: "AccessShareLock",
    preparedTransaction: null,
  };
  const files = { "0001_plans.sql": "create table plans (id int)", "0002_alter.sql": ALTER["0001_alter.sql"] };
  const ran = await runFiles(db, { ...files, "0003_sets.sql": "create table sets (id int)" }, short(400, 1));
  expect(ran).toMatchObject({ status: "LOCK_TIMEOUT", exitCode: 10, applied: ["0001_plans"], blockers: [blocker] });
  expect(ran.pending).toEqual(["0002_alter", "0003_sets"]);
  expect(ran.error).toMatchObject({ code: "55P03", migration: "0002_alter" });
  expect(ran.error?.message).toMatch(
    new RegExp(
      String.raw`^0002_alter waited \S+ m?s for public\.workouts in 2 tries; ` +
        String.raw`blocked by pid ${web.pid} \(web, idle in transaction for [^)]+\) \(\S+/0002_alter.sql:1, statement 1\)`,
    ),
  );
  expect(ran.failure?.details.hint).toContain(`pg_terminate_backend(${web.pid})`);
  expect(ran.lockWaitMs).toBeGreaterThanOrEqual(800);

  const events = ran.events.filter(({ type }) => type === "blocked" || type === "retrying");
  expect(events[0]).toMatchObject({
    type: "blocked",
    migration: "0002_alter",
    index: 2,
    total: 3,
    blockers: [blocker],
  });
  expect(events.find(({ type }) => type === "retrying")).toMatchObject({
    code: "55P03",
    attempt: 1,
    of: 1,
    reason: expect.stringContaining(`pid ${web.pid} (web, idle in transaction`) as unknown,
  });

  const [row] = await db.query(
    `select status, error_code, error_message, error_migration, blockers, lock_wait_ms::int as waited, applied
     from lockkeeper.migration_run_log`,
  );
  expect(row).toMatchObject({
    status: "LOCK_TIMEOUT",
    error_code: "55P03",
    error_message: ran.error?.message,
    error_migration: "0002_alter",
    blockers: [blocker],
    waited: ran.lockWaitMs,
    applied: ["0001_plans"],
  });
});

test("the command tells the same in its log and its report, and a new run succeeds once the transaction ended", async () => {
  await using blocked = await blockedDatabase("update workouts set name = 'swim'");
  const { db, web } = blocked;
  await using source = await folderWith(ALTER);
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-report-"));
  const report = join(folder, "report.json");
  try {
    const argv = ["migrate", "--dir", source.dir, "--lock-timeout", "200ms", "--lock-retries", "0"];
    const ended = await command([...argv, "--report", report], { DATABASE_URL: db.url });
    expect(ended.code).toBe(10);
    const blocker = { pid: web.pid, application: "web", state: "idle in transaction", relation: "public.workouts" };
    const told = { error: { code: "55P03", migration: "0001_alter" }, blockers: [blocker] };
    expect(lastLine(ended.stdout)).toMatchObject({ status: "LOCK_TIMEOUT", ...told });
    expect(JSON.parse(await readFile(report, "utf8"))).toMatchObject({
      outcome: "LOCK_TIMEOUT",
      exitCode: 10,
      ...told,
    });

    await web.client.query("commit");
    expect(await command(argv, { DATABASE_URL: db.url })).toMatchObject({ code: 0 });
    expect(await db.query("select note from workouts")).toEqual([{ note: null }]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the blocker is told while the run waits, and the same run goes on when it ends", async () => {
  await using blocked = await blockedDatabase("select from workouts");
  const { db, web } = blocked;
  const seen: RunEvent[] = [];
  const result = await watched(db, ALTER, short(300, 20), (event) => {
    seen.push(event);
    // The first try has failed by then, so that one of the next succeeds.
    if (event.type === "retrying") void web.client.query("rollback");
  });
  expect(result).toMatchObject({ status: "SUCCESS", applied: ["0001_alter"], error: null, blockers: [] });
  expect(result.lockWaitMs).toBeGreaterThanOrEqual(300);
  const types = seen.map(({ type }) => type);
  expect(types.indexOf("blocked")).toBeLessThan(types.indexOf("retrying"));
  expect(blockersOf(seen)[0]).toMatchObject([{ pid: web.pid, application: "web", relation: "public.workouts" }]);
});

test("a wait that ends by itself costs no try, and counts in lockWaitMs", async () => {
  await using blocked = await blockedDatabase("select from workouts");
  const { db, web } = blocked;
  const result = await watched(db, ALTER, short(30_000), ({ type }) => {
    if (type === "blocked") void web.client.query("rollback");
  });
  expect(result).toMatchObject({ status: "SUCCESS", applied: ["0001_alter"] });
  expect(result.lockWaitMs).toBeGreaterThanOrEqual(200);
});

test("a lock timeout of 200 ms, which leaves no trace in the server's log, still names the blocker", async () => {
  await using blocked = await blockedDatabase("select from workouts");
  const { db, web } = blocked;
  const ran = await runFiles(db, ALTER, short(200));
  expect(ran.blockers).toMatchObject([{ pid: web.pid, application: "web" }]);
  expect(ran.lockWaitMs).toBeGreaterThanOrEqual(200);
});

test("a row that another transaction changed: the relation is named, though the lock has none", async () => {
  await using blocked = await blockedDatabase("update workouts set name = 'swim' where id = 1");
  const { db, web } = blocked;
  const ran = await runFiles(db, { "0001_rename.sql": "update workouts set name = 'row' where id = 1" }, short(400));
  expect(ran.status).toBe("LOCK_TIMEOUT");
  expect(ran.blockers).toMatchObject([{ pid: web.pid, state: "idle in transaction", mode: "ExclusiveLock" }]);
  expect(ran.error?.message).toMatch(new RegExp(`^0001_rename waited .* for workouts; blocked by pid ${web.pid} `));
});

test("in a queue both are told: who waits ahead, and for whom that one waits", async () => {
  await using blocked = await blockedDatabase("select from workouts");
  const { db, web } = blocked;
  const ahead = await session(db, "slow-alter");
  const waiting = ahead.client.query("alter table workouts add column z int").catch((error: unknown) => error);
  const waits = "select 1 as waits from pg_locks where not granted and pid = $1";
  while ((await db.query(waits, [ahead.pid])).length === 0) await setTimeout(20);
  // An insert goes well with the idle reader: only the one that waits for it is in the way.
  const ran = await runFiles(db, { "0001_insert.sql": "insert into workouts values (2, 'row')" }, short(400));
  expect(ran.status).toBe("LOCK_TIMEOUT");
  const told = [
    { pid: ahead.pid, application: "slow-alter", state: "active", mode: "AccessExclusiveLock" },
    { pid: web.pid, application: "web", state: "idle in transaction", mode: "AccessShareLock" },
  ].map((blocker) => ({ ...blocker, relation: "public.workouts" }));
  expect(ran.blockers).toMatchObject(told);
  expect(ran.error?.message).toMatch(new RegExp(`blocked by pid ${ahead.pid} .* and pid ${web.pid} `));
  const both = await runFiles(db, ALTER, short(400));
  expect(both.blockers.map(({ pid }) => pid).toSorted()).toEqual([ahead.pid, web.pid].toSorted());
  await db.query("select pg_cancel_backend($1)", [ahead.pid]);
  await waiting;
});

test.each([
  [
    "a table",
    "alter table workouts add column x int",
    ALTER["0001_alter.sql"],
    "public.workouts",
    "AccessExclusiveLock",
  ],
  ["a row", "update workouts set name = 'swim'", "update workouts set name = 'row'", null, "ExclusiveLock"],
])(
  "a prepared transaction that holds %s is named by its gid, with how to end it",
  async (_, work, sql, relation, mode) => {
    await using blocked = await blockedDatabase(work);
    const { db, web } = blocked;
    const gid = `it's ${db.name}`;
    await web.client.query(`prepare transaction 'it''s ${db.name}'`);
    const ran = await runFiles(db, { "0001_change.sql": sql }, short(400));
    expect(ran).toMatchObject({ status: "LOCK_TIMEOUT", exitCode: 10 });
    expect(ran.blockers).toEqual([
      {
        pid: 0,
        user: "postgres",
        application: null,
        state: "prepared",
        transactionAge: AGE,
        relation,
        mode,
        preparedTransaction: gid,
      },
    ]);
    expect(ran.error?.message).toContain(`blocked by the prepared transaction '${gid}'`);
    expect(ran.failure?.details.hint).toContain(`ROLLBACK PREPARED 'it''s ${db.name}'`);
    await db.query(`rollback prepared 'it''s ${db.name}'`);
    expect(await runFiles(db, { "0001_change.sql": sql })).toMatchObject({ status: "SUCCESS" });
  },
);

/** The application locks `b`; when the migration, which holds `a`, waits for `b`, the application asks for `a`. */
async function deadlock(db: TestDatabase, retries: number) {
  await db.query("create table a (); create table b ()");
  // Only the migration looks for deadlocks, and late enough to be sure that there is one.
  await db.query(`alter database ${db.name} set deadlock_timeout = '3s'`);
  const web = await session(db, "web");
  await web.client.query("set deadlock_timeout = '10min'; begin; lock table b");
  const asking: Promise<unknown>[] = [];
  const seen: RunEvent[] = [];
  const changes = { lock: { timeoutMs: 30_000, retries } };
  const result = await watched(db, { "0001_both.sql": "lock table a; lock table b;" }, changes, (event) => {
    seen.push(event);
    if (event.type === "blocked" && asking.length === 0) asking.push(web.client.query("lock table a; commit"));
  });
  await Promise.all(asking);
  return { result, seen, web };
}

test("a deadlock with an application, whose victim is the migration, is tried again", async () => {
  await using db = await database();
  const { result, seen, web } = await deadlock(db, 5);
  expect(result).toMatchObject({ status: "SUCCESS", applied: ["0001_both"] });
  expect(seen.find(({ type }) => type === "retrying")).toMatchObject({
    code: "40P01",
    reason: expect.stringContaining(`pid ${web.pid}`) as unknown,
  });
});

test("a deadlock in every try is a LOCK_TIMEOUT that says so", async () => {
  await using db = await database();
  const { result, web } = await deadlock(db, 0);
  expect(result).toMatchObject({
    status: "LOCK_TIMEOUT",
    exitCode: 10,
    error: { code: "40P01", migration: "0001_both" },
    blockers: [{ pid: web.pid, application: "web", relation: "public.b" }],
  });
  expect(result.error?.message).toMatch(
    new RegExp(`^0001_both was a deadlock's victim in 1 try; blocked by pid ${web.pid} `),
  );
});

test("without pg_read_all_stats what is hidden is null, and the GRANT that would show it is named", async () => {
  await using db = await database();
  const role = await db.role("blind", { grants: ["all on schema public", `create on database ${db.name}`] });
  await db.query("create table workouts (id int)");
  await db.query(`alter table workouts owner to ${role.name}`);
  const web = await session(db, "web");
  await web.client.query("begin; select from workouts");
  const ran = await runFiles(role, ALTER, short(400));
  expect(ran.status).toBe("LOCK_TIMEOUT");
  expect(ran.blockers).toMatchObject([
    {
      pid: web.pid,
      user: "postgres",
      application: "web",
      state: null,
      transactionAge: null,
      relation: "public.workouts",
      mode: "AccessShareLock",
    },
  ]);
  expect(ran.error?.message).toContain(`blocked by pid ${web.pid}`);
  expect(ran.failure?.details.hint).toContain("GRANT pg_read_all_stats");
});

test("a concurrent index that waits for an old transaction tells who that is, and is built when it ends", async () => {
  await using blocked = await blockedDatabase("update workouts set name = 'swim'");
  const { db, web } = blocked;
  const seen: RunEvent[] = [];
  const files = { "0001_index.sql": "create index concurrently workouts_name on workouts (name)" };
  const result = await watched(db, files, short(200), (event) => {
    seen.push(event);
    if (event.type === "blocked") void web.client.query("commit");
  });
  expect(result).toMatchObject({ status: "SUCCESS", applied: ["0001_index"] });
  expect(blockersOf(seen)[0]).toMatchObject([{ pid: web.pid, application: "web" }]);
  expect(result.lockWaitMs).toBeGreaterThan(0);
});

test("a module that waits tells who blocks it, as a file does", async () => {
  await using blocked = await blockedDatabase("select from workouts");
  const { db, web } = blocked;
  const up = `export const up = async ({ client }) => { await client.query(${JSON.stringify(ALTER["0001_alter.sql"])}); };`;
  await using source = await folderWith({ "0001_alter.mjs": up });
  const ran = await runFolder(db, source.dir, short(400));
  expect(ran).toMatchObject({ status: "LOCK_TIMEOUT", exitCode: 10, blockers: [{ pid: web.pid, application: "web" }] });
  expect(blockersOf(ran.events)[0]).toMatchObject([{ pid: web.pid }]);
  expect(ran.lockWaitMs).toBeGreaterThanOrEqual(400);
});
