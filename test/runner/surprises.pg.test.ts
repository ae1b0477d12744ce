import { expect, test } from "vitest";
import { database } from "../postgres/database.ts";
import { failureOf, history, runFiles, tables, unfinished } from "./run.ts";

test("drizzle's trick, a COMMIT before CREATE INDEX CONCURRENTLY, builds the index and records the file", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_users.sql": "create table users (id int, email text);",
    "0002_index.sql":
      "alter table users add column name text;\nCOMMIT;\nCREATE INDEX CONCURRENTLY users_email ON users (email);",
    "0003_after.sql": "alter table users add column age int;",
  });
  expect(failureOf(ran)).toBeNull();
  expect(await history(db)).toEqual(["0001_users", "0002_index", "0003_after"]);
  expect(await db.query("select indisvalid from pg_index where indexrelid = 'users_email'::regclass")).toEqual([
    { indisvalid: true },
  ]);
  expect(await unfinished(db)).toEqual([]);
});

test.each(["BEGIN;", "begin transaction;", "START TRANSACTION;"])(
  "a file wrapped in %s ... COMMIT is atomic: a failure in it leaves nothing and no row",
  async (begin) => {
    await using db = await database();
    const ran = await runFiles(db, {
      "0001_good.sql": `${begin}\ncreate table good (id int);\ninsert into good values (1);\nCOMMIT;\n-- done`,
      "0002_bad.sql": `-- a comment\n${begin}\ncreate table bad (id int);\ninsert into bad values ('x');\nCOMMIT;`,
    });
    expect(failureOf(ran)).toMatchObject({ code: "22P02", file: "0002_bad.sql", line: 4, statement: 3, exitCode: 11 });
    expect(ran.applied).toEqual(["0001_good"]);
    expect(await history(db)).toEqual(["0001_good"]);
    expect(await tables(db)).toEqual(["good"]);
    expect(await unfinished(db)).toEqual([]);
  },
);

test("$$ bodies with BEGIN and END, DO blocks, BEGIN ATOMIC and a column called end are run as they are", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_body.sql": `create function one() returns int language plpgsql as $$ begin return 1; end $$;`,
    "0002_do.sql": `do $do$ begin execute 'create table made (id int)'; begin null; end; end $do$;`,
    "0003_atomic.sql":
      "create function two() returns int language sql begin atomic select 1; select one() + 1; end;\ncreate table t2 ();",
    "0004_end.sql": `create table spans (start int, "end" int); insert into spans select 1 as start, 2 as "end";`,
    "0005_text.sql": "insert into spans values (3, length('x; COMMIT; --')); -- COMMIT;\n/* ROLLBACK; */",
  });
  expect(failureOf(ran)).toBeNull();
  expect(await db.query(`select two() as two, "end" from spans order by start`)).toEqual([
    { two: 2, end: 2 },
    { two: 2, end: 13 },
  ]);
  expect(ran.events.filter(({ type }) => type === "migrated")).toMatchObject(
    Array.from({ length: 5 }, () => ({ mode: "transaction" })),
  );
});

test("COPY ... FROM stdin with its data is refused with file and line, before any file is run", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_users.sql": "create table users (id int);",
    "0002_dump.sql": "create table dump (id int);\n\nCOPY dump (id)\n  FROM stdin;\n1\n2\n\\.\n",
  });
  expect(failureOf(ran)).toMatchObject({ code: "UNSUPPORTED_STATEMENT", exitCode: 13, file: "0002_dump.sql", line: 3 });
  expect(failureOf(ran)?.["hint"]).toContain("INSERT");
  expect(ran.applied).toEqual([]);
  expect(await tables(db)).toEqual([]);
});

test("CRLF and a byte order mark change nothing, and the checksum is of the raw file", async () => {
  await using db = await database();
  const text = "\uFEFF-- first\r\ncreate table crlf (id int);\r\ninsert into crlf values (1);\r\n";
  const ran = await runFiles(db, { "0001_crlf.sql": text });
  expect(failureOf(ran)).toBeNull();
  const [row] = await db.query<{ same: boolean }>(
    "select checksum = encode(sha256($1), 'hex') as same from lockkeeper.migration_history",
    [Buffer.from(text)],
  );
  expect(row).toEqual({ same: true });
});

test("the line is right behind a byte order mark, CRLF and characters of several bytes", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_ok.sql": "create table ok (note text default 'größe 日本 🐘🐘');",
    "0002_bad.sql":
      "\uFEFF-- 🐘🐘🐘 größe 日本語\r\ncreate table fine (a text);\r\nselect '🐘' || nowhere\r\nfrom fine;\r\n",
  });
  expect(failureOf(ran)).toMatchObject({ code: "42703", file: "0002_bad.sql", line: 3, statement: 2 });
});

test("an empty file, files of comments only, and a last line that is a comment without newline are applied", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_empty.sql": "",
    "0002_comment.sql": "-- nothing to see",
    "0003_block.sql": "/* nothing /* nested */ at all */",
    "0004_semicolons.sql": ";;\n ;",
    "0005_tail.sql": "create table tail (id int) -- no semicolon and no newline",
    "0006_space.sql": " \n\t\r\n",
    "0007_bom.sql": "\uFEFF",
  });
  expect(failureOf(ran)).toBeNull();
  expect(await history(db)).toHaveLength(7);
  expect(await tables(db)).toEqual(["tail"]);
});

test.each([
  ["quote", "create table broken (id int);\nselect 'never closed;"],
  ["comment", "create table broken (id int);\n/* never closed"],
  ["dollar quote", "create table broken (id int);\nselect $$ never closed"],
  ["identifier", 'create table broken (id int);\nselect "never closed'],
])(
  "an unterminated %s is its own file's failure: neighbours in the batch are applied, none after it",
  async (_, sql) => {
    await using db = await database();
    const ran = await runFiles(db, {
      "0001_before.sql": "create table before (id int);",
      "0002_broken.sql": sql,
      "0003_after.sql": "create table after (id int);",
    });
    expect(failureOf(ran)).toMatchObject({ code: "42601", file: "0002_broken.sql", line: 2 });
    expect(await history(db)).toEqual(["0001_before"]);
    expect(await tables(db)).toEqual(["before"]);
    expect(ran.pending).toEqual(["0002_broken", "0003_after"]);
  },
);

test.each([
  ["select $$ opened", "select $$ ; create table half (id int);"],
  ["create table one (id int); /* opened", "*/ create table half (id int);"],
])("two files that only together are valid are not taken for one: %s", async (first, second) => {
  await using db = await database();
  const ran = await runFiles(db, { "0001_first.sql": first, "0002_second.sql": second });
  expect(ran.status).toBe("FAILED");
  expect(ran.failure?.code).toBe("42601");
  expect(ran.applied).toEqual(await history(db));
  expect(await tables(db)).not.toContain("half");
});
