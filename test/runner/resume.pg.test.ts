import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { folderWith } from "../../job/source/folder-fixture.ts";
import { database } from "../postgres/database.ts";
import type { TestDatabase } from "../postgres/database.ts";
import { failureOf, history, runFolder, tables, unfinished } from "./run.ts";

/** What a run leaves that died while unit `started` was under way, with the units before it done. */
async function leave(db: TestDatabase, name: string, sql: string, started: number, finished = started - 1) {
  await db.query(
    "create table if not exists lockkeeper.migration_history_progress (name text primary key, checksum text not null," +
      " started int not null, finished int not null, updated_at timestamptz not null default now())",
  );
  const checksum = createHash("sha256").update(sql).digest("hex");
  await db.query("insert into lockkeeper.migration_history_progress values ($1, $2, $3, $4)", [
    name,
    checksum,
    started,
    finished,
  ]);
}

/** A database with our tables, in which `made` was done by the run that died. */
async function begun(made: string): Promise<TestDatabase> {
  const db = await database();
  await using empty = await folderWith({ "0000_first.sql": "create table users (id int, email text);" });
  await runFolder(db, empty.dir);
  for (const sql of made.split(";").filter((one) => one.trim() !== "")) await db.query(sql).catch(() => undefined);
  return db;
}

const FIRST = { "0000_first.sql": "create table users (id int, email text);" };
const INDEX =
  "alter table users add column age int;\ncommit;\ncreate index concurrently users_email on users (email);\ncreate table after ();";

test.each([
  ["valid: it is done", "create index users_email on users (email)", false],
  ["absent: it is built", "", false],
  [
    "invalid: it is dropped and built",
    "insert into users values (1, 'a'), (2, 'a'); create unique index concurrently users_email on users (email); truncate users",
    true,
  ],
])("a run died while a concurrent index was built, and the index is %s", async (_, made, dropped) => {
  await using db = await begun(`alter table users add column age int; ${made}`);
  await using folder = await folderWith({ ...FIRST, "0001_index.sql": INDEX });
  const before = await db.query("select to_regclass('users_email')::oid as oid");
  await leave(db, "0001_index", INDEX, 2);
  const ran = await runFolder(db, folder.dir);
  expect(failureOf(ran)).toBeNull();
  expect(await history(db)).toEqual(["0000_first", "0001_index"]);
  expect(await tables(db)).toEqual(["after", "users"]);
  expect(await db.query("select indisvalid from pg_index where indexrelid = 'users_email'::regclass")).toEqual([
    { indisvalid: true },
  ]);
  expect(ran.events.some((event) => event.type === "warning" && event.code === "INVALID_INDEX_DROPPED")).toBe(dropped);
  const after = await db.query("select to_regclass('users_email')::oid as oid");
  if (made.startsWith("create index")) expect(after).toEqual(before);
  expect(await unfinished(db)).toEqual([]);
});

test.each([
  ["is gone", ""],
  ["is still there", "create index users_email on users (email)"],
])("a run died while an index was dropped concurrently, and the index %s", async (_, made) => {
  await using db = await begun(made);
  const sql = "drop index concurrently users_email;\ncreate table after ();";
  await using folder = await folderWith({ ...FIRST, "0001_drop.sql": sql });
  await leave(db, "0001_drop", sql, 1);
  expect(failureOf(await runFolder(db, folder.dir))).toBeNull();
  expect(await db.query("select to_regclass('users_email') as index")).toEqual([{ index: null }]);
  expect(await tables(db)).toEqual(["after", "users"]);
});

test("a run died during VACUUM: it is run again, and the file's settings are made again before it", async () => {
  await using db = await begun("create schema other; create table other.logs (id int)");
  const sql = "set search_path = other;\nvacuum logs;\ncreate table made_here ();";
  await using folder = await folderWith({ ...FIRST, "0001_vacuum.sql": sql });
  await leave(db, "0001_vacuum", sql, 2, 1);
  expect(failureOf(await runFolder(db, folder.dir))).toBeNull();
  expect(await db.query("select to_regclass('other.made_here') is not null as there")).toEqual([{ there: true }]);
});

test("a unit that was committed with its record isn't run again", async () => {
  await using db = await begun("create table one ()");
  const sql = "-- lockkeeper: no-transaction\ncreate table one ();\ncreate table two ();";
  await using folder = await folderWith({ ...FIRST, "0001_steps.sql": sql });
  await leave(db, "0001_steps", sql, 1, 1);
  expect(failureOf(await runFolder(db, folder.dir))).toBeNull();
  expect(await tables(db)).toEqual(["one", "two", "users"]);
});

test("a file whose units are all done only lacks its history row", async () => {
  await using db = await begun("");
  const sql = "vacuum users;";
  await using folder = await folderWith({ ...FIRST, "0001_vacuum.sql": sql });
  await leave(db, "0001_vacuum", sql, 1, 1);
  expect(failureOf(await runFolder(db, folder.dir))).toBeNull();
  expect(await history(db)).toEqual(["0000_first", "0001_vacuum"]);
  expect(await unfinished(db)).toEqual([]);
});

const CALL =
  "create table steps (n int);\ncommit;\ndo $$ begin insert into steps values (1); commit; end $$;\ncreate table after ();";

test.each([
  ["took effect", "insert into steps values (1)", /If so: (update .*?)\. If not/],
  ["didn't", "", /If not: (update .*?)\. Then/],
])(
  "a statement of which nobody knows stops the run; the hint's SQL lets the next go on when it %s",
  async (_, made, hint) => {
    await using db = await begun(`create table steps (n int); ${made}`);
    await using folder = await folderWith({ ...FIRST, "0001_it's.sql": CALL });
    await leave(db, "0001_it's", CALL, 2);
    const stopped = await runFolder(db, folder.dir);
    expect(failureOf(stopped)).toMatchObject({
      code: "UNCERTAIN",
      exitCode: 11,
      migration: "0001_it's",
      file: "0001_it's.sql",
      line: 3,
      statement: 3,
    });
    expect(stopped.failure?.message).toContain("statement 3 may have run");
    expect(await unfinished(db)).toEqual(["0001_it's 2/1"]);
    const sql = hint.exec(stopped.failure?.details.hint ?? "")?.[1];
    await db.query(sql ?? "the hint has no SQL");
    expect(failureOf(await runFolder(db, folder.dir))).toBeNull();
    expect(await db.query("select n from steps")).toEqual([{ n: 1 }]);
    expect(await tables(db)).toEqual(["after", "steps", "users"]);
    expect(await unfinished(db)).toEqual([]);
  },
);

test("a file that changed after a part of it was run stops the run; the hint's SQL forgets that part", async () => {
  await using db = await begun("create table one ()");
  const sql = "-- lockkeeper: no-transaction\ncreate table one ();\ncreate table two ();";
  await using folder = await folderWith({ ...FIRST, "0001_steps.sql": sql.replace("two", "three") });
  await leave(db, "0001_steps", sql, 1, 1);
  const stopped = await runFolder(db, folder.dir);
  expect(failureOf(stopped)).toMatchObject({ code: "UNCERTAIN", exitCode: 11, file: "0001_steps.sql" });
  expect(await tables(db)).toEqual(["one", "users"]);
  await db.query("drop table one");
  await db.query(/delete from .*$/.exec(stopped.failure?.details.hint ?? "")?.[0] ?? "the hint has no SQL");
  expect(failureOf(await runFolder(db, folder.dir))).toBeNull();
  expect(await tables(db)).toEqual(["one", "three", "users"]);
});

test("a file that only the server sent into statement mode goes on by its statements, and none is run twice", async () => {
  const sql =
    "alter type mood add value if not exists 'calm';\ninsert into journal values ('first', 'calm');\ninsert into journal values ('second', 'calm');";
  await using db = await begun("create type mood as enum ('sad'); create table journal (what text, mood mood)");
  await db.query("alter type mood add value if not exists 'calm'");
  await db.query("insert into journal values ('first', 'calm')");
  await leave(db, "0001_mood", sql, 2, 2);
  await using folder = await folderWith({ ...FIRST, "0001_mood.sql": sql });
  const ran = await runFolder(db, folder.dir);
  expect(failureOf(ran)).toBeNull();
  expect(await db.query("select what from journal order by what")).toEqual([{ what: "first" }, { what: "second" }]);
  expect(await history(db)).toEqual(["0000_first", "0001_mood"]);
  expect(await unfinished(db)).toEqual([]);
});

test("a statement that failed as a whole is tried again by the next run, without asking anybody", async () => {
  await using db = await begun("");
  const sql = `create table before ();\ncreate database ${db.name};`;
  await using folder = await folderWith({ ...FIRST, "0001_database.sql": sql });
  const first = await runFolder(db, folder.dir);
  expect(first.error).toMatchObject({ code: "42P04", migration: "0001_database" });
  const second = await runFolder(db, folder.dir);
  expect(second.error).toMatchObject({ code: "42P04", migration: "0001_database" });
  expect(await tables(db)).toEqual(["before", "users"]);
});

test("a concurrent index whose lock times out tells who blocked it, though its leftover can't be dropped either", async () => {
  const sql = "-- lockkeeper: lock-timeout=300ms\ncreate index concurrently users_email on users (email);";
  await using db = await begun("");
  await using folder = await folderWith({ ...FIRST, "0001_index.sql": sql });
  const web = await db.connect("web");
  await web.query("begin; insert into users values (1, 'a')");
  const ran = await runFolder(db, folder.dir, { lock: { retries: 1 } });
  expect(ran).toMatchObject({ status: "LOCK_TIMEOUT", exitCode: 10 });
  expect(ran.blockers[0]).toMatchObject({ application: "web", state: "idle in transaction" });
  await web.query("rollback");
  expect(failureOf(await runFolder(db, folder.dir))).toBeNull();
  expect(await db.query("select indisvalid from pg_index where indexrelid = 'users_email'::regclass")).toEqual([
    { indisvalid: true },
  ]);
});

test("a concurrent index whose name is another table's isn't taken for built", async () => {
  await using db = await begun("create table other (email text); create index users_email on other (email)");
  await using folder = await folderWith({
    ...FIRST,
    "0001_index.sql": "create index concurrently if not exists users_email on users (email);",
  });
  const ran = await runFolder(db, folder.dir);
  expect(ran.error).toMatchObject({ code: "UNCERTAIN", message: expect.stringContaining("on another table") });
  expect(await history(db)).toEqual(["0000_first"]);
});

test(
  "a lock on the history itself is a lock time-out, and its row doesn't stay RUNNING",
  { timeout: 120_000 },
  async () => {
    await using db = await begun("");
    await using folder = await folderWith({ ...FIRST, "0001_more.sql": "create table more ();" });
    const admin = await db.connect("admin");
    await admin.query("begin; lock table lockkeeper.migration_history");
    const ran = await runFolder(db, folder.dir);
    expect(ran).toMatchObject({ status: "LOCK_TIMEOUT", exitCode: 10, error: { code: "55P03" } });
    await admin.query("rollback");
    expect(
      await db.query("select count(*)::int as running from lockkeeper.migration_run_log where status = 'RUNNING'"),
    ).toEqual([{ running: 0 }]);
  },
);
