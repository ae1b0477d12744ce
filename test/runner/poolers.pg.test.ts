import { expect, test } from "vitest";
import { LOCK_KEY } from "../../contract/lock.ts";
import { openSession } from "../../job/postgres/session.ts";
import { refusePooler } from "../../job/postgres/pooler.ts";
import type { ConnectionSettings } from "../../job/settings.ts";
import { folderWith, journalOf } from "../../job/source/folder-fixture.ts";
import { database } from "../postgres/database.ts";
import type { TestDatabase } from "../postgres/database.ts";
import { startPgBouncer } from "../postgres/pgbouncer.ts";
import { command, lastLine } from "./cli-process.ts";
import { failureOf, runFolder } from "./run.ts";
import type { Ran } from "./run.ts";

const connectionTo = (url: string, checkPooler = true): ConnectionSettings => ({
  url,
  ca: null,
  connectWaitMs: 0,
  applicationName: "lockkeeper",
  checkPooler,
});

const run = async (url: string, dir: string, checkPooler = true): Promise<Ran> =>
  await runFolder({ url }, dir, { connection: connectionTo(url, checkPooler) });

/** In `pg_locks`, where the locks of all databases are. */
const OUR_LOCK = `locktype = 'advisory' and objid = (${LOCK_KEY}::bigint & 4294967295)::oid
  and database = (select oid from pg_database where datname = current_database())`;

const PLAIN = { "0001_users.sql": "create table users (id int)" };
const lockkeepersOwn = "select from pg_namespace where nspname = 'lockkeeper'";

test.each(
  [1, 2, 20].flatMap((poolSize) => [
    { poolSize, roundRobin: false },
    { poolSize, roundRobin: true },
  ]),
)("transaction mode with $poolSize backends, round robin $roundRobin, is refused each of 20 times", async (pool) => {
  await using db = await database();
  await using bouncer = await startPgBouncer(db, { mode: "transaction", ...pool });
  await using source = await folderWith(PLAIN);
  for (let time = 0; time < 20; time++) {
    const ran = await run(bouncer.url, source.dir);
    expect(failureOf(ran)).toMatchObject({ code: "POOLER", exitCode: 13 });
  }
  expect(await db.query(lockkeepersOwn)).toEqual([]);
});

test("it is also found while others use the pool", async () => {
  await using db = await database();
  await using bouncer = await startPgBouncer(db, { mode: "transaction", poolSize: 3 });
  await using source = await folderWith(PLAIN);
  const runs = await Promise.all(Array.from({ length: 12 }, async () => await run(bouncer.url, source.dir)));
  expect(runs.map(({ error }) => error?.code)).toEqual(runs.map(() => "POOLER"));
});

test("the command says what is in the way and which URL to give it", async () => {
  await using db = await database();
  await using bouncer = await startPgBouncer(db, { mode: "transaction" });
  await using source = await folderWith(PLAIN);
  const ended = await command(["migrate", "--dir", source.dir], { DATABASE_URL: bouncer.url });
  expect(ended).toMatchObject({ code: 13, stderr: "" });
  const { error, hint } = lastLine(ended.stdout) as { error: { code: string; message: string }; hint: string };
  expect(error.code).toBe("POOLER");
  expect(`${error.message} ${hint}`).toMatch(/transaction pooler \(PgBouncer.*direct URL/);
});

test("statement mode, in which no transaction is possible, is refused as well", async () => {
  await using db = await database();
  await using bouncer = await startPgBouncer(db, { mode: "statement" });
  await using source = await folderWith(PLAIN);
  expect(failureOf(await run(bouncer.url, source.dir))).toMatchObject({ code: "POOLER", exitCode: 13 });
  expect(await db.query(lockkeepersOwn)).toEqual([]);
});

test("session mode works, with the lock, the log and statement mode", async () => {
  await using db = await database();
  await using bouncer = await startPgBouncer(db, { mode: "session", poolSize: 20 });
  await using source = await folderWith({
    ...PLAIN,
    "0002_index.sql": "create index concurrently users_id on users (id)",
  });
  const runs = await Promise.all([1, 2, 3].map(async () => await run(bouncer.url, source.dir)));
  expect(runs.map(({ error }) => error)).toEqual([null, null, null]);
  expect(runs.map(({ status }) => status).toSorted()).toEqual(["SKIPPED", "SKIPPED", "SUCCESS"]);
  expect(runs.map(({ telemetry }) => telemetry.available)).toEqual([true, true, true]);
  expect(await db.query(`select pid from pg_locks where ${OUR_LOCK}`)).toEqual([]);
});

test("session mode with one backend, which leaves no second connection, runs too", async () => {
  await using db = await database();
  await using bouncer = await startPgBouncer(db, { mode: "session", poolSize: 1 });
  await using source = await folderWith(PLAIN);
  const connection = { ...connectionTo(bouncer.url), connectWaitMs: 30_000 };
  const ran = await runFolder(db, source.dir, { connection });
  expect(ran).toMatchObject({ status: "SUCCESS", applied: ["0001_users"] });
});

test("sixty direct connections give no false alarm", async () => {
  await using db = await database();
  const { signal } = new AbortController();
  const settings = connectionTo(db.url);
  const look = async (): Promise<string> => {
    await using first = await openSession(settings, "main", signal);
    await using second = await openSession(settings, "second", signal);
    return await refusePooler(first, second).then(() => "direct", String);
  };
  for (let round = 0; round < 10; round++) {
    expect(await Promise.all([look(), look(), look(), look(), look(), look()])).toEqual(Array(6).fill("direct"));
  }
});

const names = Array.from({ length: 40 }, (_, i) => `${String(i + 1).padStart(4, "0")}_step`);
/** Nothing keeps the names in `journal` unique: what is applied a second time shows. */
const JOURNAL = "create table journal (name text not null);";
const STEPS = Object.fromEntries(names.map((name) => [`${name}.sql`, `insert into journal (name) values ('${name}')`]));
const MOST_ROUNDS = 60;

/**
 * A session lock may stay behind on a backend of the pool, where the runner that took it can't give it back. An
 * administrator ends that backend (`lockkeeper unlock --yes`), or PgBouncer does after server_lifetime.
 */
const endStranded = async (db: TestDatabase): Promise<void> => {
  await db.query(`select pg_terminate_backend(pid) from pg_locks where ${OUR_LOCK}`);
};

test.each([
  ["our history", STEPS, false],
  ["our history, and round robin", STEPS, true],
  ["drizzle's, which has no unique key", { ...STEPS, "meta/_journal.json": journalOf(names) }, false],
  ["drizzle's, and round robin", { ...STEPS, "meta/_journal.json": journalOf(names) }, true],
] as const)(
  "six runners through a pooler that the check missed apply 40 files exactly once, with %s",
  { timeout: 180_000 },
  async (_, files, roundRobin) => {
    await using db = await database();
    await db.query(JOURNAL);
    await using bouncer = await startPgBouncer(db, { mode: "transaction", poolSize: 4, roundRobin });
    await using source = await folderWith(files);
    const codes: string[] = [];
    const applied = async (): Promise<unknown[]> =>
      (await db.query("select name from journal order by name")).map(({ name }) => name);
    for (let round = 0; round < MOST_ROUNDS && (await applied()).length < names.length; round++) {
      const runs = await Promise.all(
        Array.from({ length: 6 }, async () => {
          const connection = connectionTo(bouncer.url, false);
          const changes = { connection, lock: { waitMs: 500 }, batch: { maxFiles: 3, maxBytes: 10_000 } };
          return await runFolder(db, source.dir, changes);
        }),
      );
      codes.push(...runs.map(({ error }) => error?.code ?? "none"));
      await endStranded(db);
    }
    expect(await applied()).toEqual(names);
    // Whatever a run came to, it was told as what it is.
    expect([...new Set(codes)].filter((code) => !EXPECTED.has(code))).toEqual([]);
  },
);

const EXPECTED = new Set(["none", "LOCK_LOST", "RUNNER_LOCK_TIMEOUT", "UNREACHABLE"]);
