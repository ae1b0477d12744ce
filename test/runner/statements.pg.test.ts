import { expect, test } from "vitest";
import { database } from "../postgres/database.ts";
import type { TestDatabase } from "../postgres/database.ts";
import { folderWith } from "../../job/source/folder-fixture.ts";
import { failureOf, history, runFiles, runFolder, tables, unfinished } from "./run.ts";

const DUPLICATES = "create table users (id int, email text); insert into users values (1, 'a'), (2, 'a');";

async function indexes(db: TestDatabase): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    "select c.relname || case when i.indisvalid then '' else ' INVALID' end as name from pg_index i join pg_class c on c.oid = i.indexrelid where c.relnamespace = 'public'::regnamespace order by 1",
  );
  return rows.map(({ name }) => name);
}

/** An index that a failed CREATE UNIQUE INDEX CONCURRENTLY of somebody else left behind. */
async function leaveInvalidIndex(db: TestDatabase): Promise<void> {
  await db.query(DUPLICATES);
  await expect(db.query("create unique index concurrently users_email on users (email)")).rejects.toThrow("unique");
  expect(await indexes(db)).toEqual(["users_email INVALID"]);
  await db.query("delete from users where id = 2");
}

test("VACUUM, REINDEX and DROP INDEX CONCURRENTLY, and DETACH PARTITION CONCURRENTLY are run without a directive", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_tables.sql":
      "create table users (id int, email text); create index users_email on users (email); create index users_id on users (id);" +
      "create table logs (day int) partition by list (day); create table logs_1 partition of logs for values in (1);",
    "0002_vacuum.sql": "vacuum analyze users;",
    "0003_reindex.sql": "reindex index concurrently users_id;",
    "0004_reindex.sql": "reindex (concurrently) table users;",
    "0005_drop.sql": "drop index concurrently users_email;",
    "0006_detach.sql": "alter table logs detach partition logs_1 concurrently;",
    "0007_mixed.sql":
      "alter table users add column age int;\ncreate index concurrently users_age on users (age);\nvacuum users;\nalter table users add column last int;",
  });
  expect(failureOf(ran)).toBeNull();
  expect(await history(db)).toHaveLength(7);
  expect(await indexes(db)).toEqual(["users_age", "users_id"]);
  expect(await db.query("select relispartition from pg_class where relname = 'logs_1'")).toEqual([
    { relispartition: false },
  ]);
  expect(await unfinished(db)).toEqual([]);
});

test.each(["", "if not exists "])(
  "CREATE INDEX CONCURRENTLY %sover an invalid leftover of that name drops it and builds a valid one",
  async (ifNotExists) => {
    await using db = await database();
    await leaveInvalidIndex(db);
    const ran = await runFiles(db, {
      "0001_index.sql": `create unique index concurrently ${ifNotExists}users_email on users (email);`,
    });
    expect(failureOf(ran)).toBeNull();
    expect(await indexes(db)).toEqual(["users_email"]);
    expect(ran.events).toContainEqual(expect.objectContaining({ code: "INVALID_INDEX_DROPPED" }));
  },
);

test("IF NOT EXISTS over a valid index of that name leaves it as it is", async () => {
  await using db = await database();
  await db.query("create table users (email text); create index users_email on users (email)");
  const [before] = await db.query("select 'users_email'::regclass::oid as oid");
  const ran = await runFiles(db, {
    "0001_index.sql": "create index concurrently if not exists users_email on users (email);",
  });
  expect(failureOf(ran)).toBeNull();
  expect(await db.query("select 'users_email'::regclass::oid as oid")).toEqual([before]);
});

test("a unique concurrent index that fails is dropped again, and the next run builds it", async () => {
  await using db = await database();
  await db.query(DUPLICATES);
  const file = { "0001_index.sql": "select 1;\ncreate unique index concurrently users_email\n  on users (email);" };
  const ran = await runFiles(db, file);
  expect(failureOf(ran)).toMatchObject({ code: "23505", file: "0001_index.sql", line: 2, statement: 2 });
  expect(await indexes(db)).toEqual([]);
  await db.query("delete from users where id = 2");
  expect(failureOf(await runFiles(db, file))).toBeNull();
  expect(await indexes(db)).toEqual(["users_email"]);
  expect(await unfinished(db)).toEqual([]);
});

test("an invalid index of that name on another table isn't ours to drop", async () => {
  await using db = await database();
  await leaveInvalidIndex(db);
  await db.query("create table orders (email text)");
  const ran = await runFiles(db, { "0001_index.sql": "create index concurrently users_email on orders (email);" });
  expect(failureOf(ran)).toMatchObject({ code: "42P07", statement: 1, line: 1 });
  expect(await indexes(db)).toEqual(["users_email INVALID"]);
});

test.each([
  ["an unnamed concurrent index", "select 1;\n\ncreate index concurrently on users (id);", 3, "name"],
  ["ROLLBACK", "create table t ();\nrollback;", 2, "whole or not at all"],
  ["PREPARE TRANSACTION", "begin;\ncreate table t ();\nprepare transaction 'x';", 3, "whole or not at all"],
  ["BEGIN with options", "begin isolation level serializable;\ncreate table t ();\ncommit;", 1, "options"],
  ["COMMIT AND CHAIN", "begin; create table t ();\ncommit and chain; select 1; commit;", 2, "COMMIT; BEGIN;"],
  ["COMMIT under the directive transaction", "-- lockkeeper: transaction\nselect 1;\ncommit;\nselect 2;", 3, "no-tran"],
])("%s is refused with file and line before any file is run", async (_, sql, line, hint) => {
  await using db = await database();
  const ran = await runFiles(db, { "0001_users.sql": "create table users (id int);", "0002_bad.sql": sql });
  expect(failureOf(ran)).toMatchObject({ code: "UNSUPPORTED_STATEMENT", exitCode: 13, file: "0002_bad.sql", line });
  expect(ran.failure?.details.hint).toContain(hint);
  expect(await tables(db)).toEqual([]);
});

test("a CALL of a procedure that commits, and a DO that does, are run statement by statement", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_procedure.sql": `create table steps (n int);
      create procedure work() language plpgsql as $$ begin insert into steps values (1); commit; insert into steps values (2); end $$;`,
    "0002_call.sql": "insert into steps values (0);\ncall work();\ninsert into steps values (3);",
    "0003_do.sql": "do $$ begin insert into steps values (4); commit; insert into steps values (5); end $$;",
  });
  expect(failureOf(ran)).toBeNull();
  expect(await db.query("select n from steps order by n")).toEqual([0, 1, 2, 3, 4, 5].map((n) => ({ n })));
  expect(await history(db)).toEqual(["0001_procedure", "0002_call", "0003_do"]);
});

test("no-transaction keeps what was done before a failure, and the next run goes on from there", async () => {
  await using db = await database();
  await using folder = await folderWith({
    "0001_steps.sql":
      "-- lockkeeper: no-transaction\ncreate table one ();\ncreate table two ();\nselect * from later;\ncreate table three ();",
  });
  const first = await runFolder(db, folder.dir);
  expect(failureOf(first)).toMatchObject({ code: "42P01", line: 4, statement: 3 });
  expect(await tables(db)).toEqual(["one", "two"]);
  expect(await unfinished(db)).toEqual(["0001_steps 2/2"]);
  expect(first.pending).toEqual(["0001_steps"]);
  await db.query("create table later ()");
  expect(failureOf(await runFolder(db, folder.dir))).toBeNull();
  expect(await tables(db)).toEqual(["later", "one", "three", "two"]);
  expect(await unfinished(db)).toEqual([]);
});

test("the directive transaction keeps a file in one transaction, also when the server refuses that", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_strict.sql":
      "-- lockkeeper: transaction\ncreate table users (id int);\ncreate index concurrently users_id on users (id);",
  });
  expect(failureOf(ran)).toMatchObject({ code: "25001", line: 3, statement: 2 });
  expect(await tables(db)).toEqual([]);
});

test("the directive lock-timeout holds in a transaction, in statement mode and in statements that stand alone", async () => {
  await using db = await database();
  await db.query("create table seen (what text, timeout text)");
  const note = (what: string): string => `insert into seen values ('${what}', current_setting('lock_timeout'));`;
  const ran = await runFiles(db, {
    "0001_plain.sql": note("plain"),
    "0002_own.sql": `-- lockkeeper: lock-timeout=7s\n${note("own")}`,
    "0003_none.sql": `-- lockkeeper: lock-timeout=0\n${note("none")}`,
    "0004_steps.sql": `-- lockkeeper: no-transaction lock-timeout=9s\n${note("steps")}\ndo $$ begin commit; insert into seen values ('alone', current_setting('lock_timeout')); end $$;`,
    "0005_alone.sql":
      "do $$ begin commit; insert into seen values ('alone by default', current_setting('lock_timeout')); end $$;",
  });
  expect(failureOf(ran)).toBeNull();
  expect(
    Object.fromEntries((await db.query("select * from seen")).map((row) => [row["what"], row["timeout"]])),
  ).toEqual({
    plain: "5s",
    own: "7s",
    none: "0",
    steps: "9s",
    alone: "9s",
    "alone by default": "0",
  });
});

const LARGE = "-- padding that makes the file large\n".repeat(8_000);

test("a file of more than 256 KB is run in one transaction, and its error has the line", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_large.sql": `create table large (id int);\n${LARGE}insert into large values (1);`,
    "0002_bad.sql": `create table bad (id int);\n${LARGE}select nowhere;`,
  });
  expect(failureOf(ran)).toMatchObject({ code: "42703", file: "0002_bad.sql", line: 8_002, statement: 2 });
  expect(await tables(db)).toEqual(["large"]);
});

test.each(["COMMIT;", "  begin ;", "end transaction;", "x; rollback;"])(
  "a file of more than 256 KB with %j is refused with its line, and run when it promises to be harmless",
  async (word) => {
    await using db = await database();
    const sql = `${LARGE}select $$\n${word}\n$$;`;
    const ran = await runFiles(db, { "0001_large.sql": sql });
    expect(failureOf(ran)).toMatchObject({ code: "UNSUPPORTED_STATEMENT", exitCode: 13, line: 8_002 });
    expect(ran.failure?.details.hint).toContain("-- lockkeeper: transaction");
    const promised = await runFiles(db, { "0001_large.sql": `-- lockkeeper: transaction\n${sql}` });
    expect(failureOf(promised)).toBeNull();
  },
);

test.each([
  ["COMMIT, and fails after it", "commit; select nope;", true],
  ["COMMIT", "/* */ commit;", true],
  ["COMMIT and BEGIN", "/* */ commit; begin; create table t ();", true],
  ["ROLLBACK", "rollback; create table t ();", false],
])(
  "a file of more than 256 KB that breaks its promise by %s fails its run, which tells what is kept",
  async (_, sql, kept) => {
    await using db = await database();
    const ran = await runFiles(db, {
      "0001_large.sql": `-- lockkeeper: transaction\ncreate table large ();\n${LARGE}${sql}`,
      "0002_after.sql": "create table after ();",
    });
    expect(failureOf(ran)).toMatchObject({ code: "UNCERTAIN", exitCode: 11, file: "0001_large.sql" });
    expect(ran.failure?.message).toContain(kept ? "is kept, and so is" : "nothing of it is kept");
    expect(await tables(db)).toEqual(kept ? ["large"] : []);
    expect(await history(db)).toEqual(kept ? ["0001_large"] : []);
  },
);

test("a file of more than 256 KB that says no-transaction is refused: it can't be divided", async () => {
  await using db = await database();
  const ran = await runFiles(db, { "0001_large.sql": `-- lockkeeper: no-transaction\n${LARGE}select 1;` });
  expect(failureOf(ran)).toMatchObject({ code: "UNSUPPORTED_STATEMENT", exitCode: 13 });
});
