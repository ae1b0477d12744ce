import { expect, test } from "vitest";
import { journalOf } from "../../job/source/folder-fixture.ts";
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

test.each([
  ["as it is", "alter type mood add value 'calm';\ninsert into moods values ('calm');"],
  [
    "with drizzle's breakpoints",
    "alter type mood add value 'calm';--> statement-breakpoint\ninsert into moods values ('calm');",
  ],
])("an enum value that is added and used in one file is applied, in the middle of a batch too: %s", async (_, sql) => {
  await using db = await database();
  const files = {
    "0001_mood.sql": "create type mood as enum ('sad'); create table moods (m mood);",
    "0002_calm.sql": sql,
    "0003_after.sql": "insert into moods values ('sad');",
  };
  const tags = Object.keys(files).map((file) => file.slice(0, -4));
  const journal = sql.includes("breakpoint") ? { "meta/_journal.json": journalOf(tags) } : {};
  const ran = await runFiles(db, { ...files, ...journal });
  expect(failureOf(ran)).toBeNull();
  expect(ran.applied).toEqual(["0001_mood", "0002_calm", "0003_after"]);
  expect(await db.query("select m from moods order by 1")).toEqual([{ m: "sad" }, { m: "calm" }]);
});

test("names of more than 63 characters, with quotes, backslashes, dollar signs and other scripts, are recorded whole", async () => {
  await using db = await database();
  const names = [
    `0001_${"long".repeat(30)}`,
    "0002_it's",
    String.raw`0003_back\slash\'`,
    "0004_$$_$lk$_$1",
    '0005_"double"',
    "0006_größe 日本 🐘",
    "0007_%s_%I",
  ];
  const ran = await runFiles(db, Object.fromEntries(names.map((name, i) => [`${name}.sql`, `create table t${i} ();`])));
  expect(failureOf(ran)).toBeNull();
  expect((await history(db)).toSorted()).toEqual(names.toSorted());
});

test("a name of more than 63 characters with quotes and backslashes works in statement mode too", async () => {
  await using db = await database();
  const name = String.raw`0001_it's a \ ${"long".repeat(20)}`;
  const ran = await runFiles(db, { [`${name}.sql`]: "create table t (); commit; vacuum t;" });
  expect(failureOf(ran)).toBeNull();
  expect(await history(db)).toEqual([name]);
  expect(await unfinished(db)).toEqual([]);
});

test("LOCK TABLE, tables called like ours in public, and a notice that imitates ours don't confuse the runner", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_lock.sql": "create table busy (id int); lock table busy in access exclusive mode;",
    "0002_ours.sql":
      "create table migration_history (name text primary key); create table migration_run_log (id int);" +
      "create schema drizzle; create table drizzle.__drizzle_migrations (id int);",
    "0003_notice.sql":
      "do $$ begin raise info 'lockkeeper 0 4'; raise notice 'lockkeeper 000000000000000000000000 5'; raise warning 'COMMIT'; end $$;",
    "0004_fails.sql": "select 1; select nope;",
  });
  expect(failureOf(ran)).toMatchObject({ code: "42703", file: "0004_fails.sql", statement: 2 });
  expect(await history(db)).toEqual(["0001_lock", "0002_ours", "0003_notice"]);
  expect(await tables(db)).toEqual(["busy", "migration_history", "migration_run_log"]);
});

test("a migration may lock and alter the run log itself; the run's row is finished all the same", async () => {
  await using db = await database();
  await runFiles(db, { "0001_first.sql": "select 1;" });
  const files = {
    "0001_first.sql": "select 1;",
    "0002_alters.sql":
      "lock table lockkeeper.migration_run_log in access exclusive mode; alter table lockkeeper.migration_run_log add column note text; select pg_sleep(0.5);",
  };
  const ran = await runFiles(db, files);
  expect(failureOf(ran)).toBeNull();
  expect(ran.telemetry).toEqual({ available: true, reason: "" });
  expect(await db.query("select status from lockkeeper.migration_run_log order by started_at")).toEqual([
    { status: "SUCCESS" },
    { status: "SUCCESS" },
  ]);
  const dropped = await runFiles(db, { ...files, "0003_drops.sql": "drop table lockkeeper.migration_run_log;" });
  expect(failureOf(dropped)).toBeNull();
  expect(dropped.status).toBe("SUCCESS");
});

test("a deferred constraint that fails at COMMIT names the file and no statement, and leaves nothing", async () => {
  await using db = await database();
  const deferred =
    "create table child (id int references parent deferrable initially deferred);\ninsert into child values (1);";
  const ran = await runFiles(db, {
    "0001_parent.sql": "create table parent (id int primary key);",
    "0002_child.sql": deferred,
    "0003_after.sql": "create table after ();",
  });
  expect(failureOf(ran)).toMatchObject({ code: "23503", file: "0002_child.sql", line: null, statement: null });
  expect(await tables(db)).toEqual(["parent"]);
  const wrapped = await runFiles(db, {
    "0001_parent.sql": "create table parent (id int primary key);",
    "0002_child.sql": `BEGIN;\n${deferred}\nCOMMIT;\n`,
  });
  expect(failureOf(wrapped)).toMatchObject({ code: "23503", line: 4, statement: 4 });
});

test("a SELECT with many rows and statements of every kind are run without keeping their rows", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_rows.sql":
      "select repeat('x', 100) from generate_series(1, 200000); create table rows (); table rows; values (1);",
    "0002_extension.sql": "create extension if not exists plpgsql; comment on schema public is 'ours'; show all;",
    "0003_copy_out.sql": "copy (select generate_series(1, 1000)) to stdout;",
  });
  expect(failureOf(ran)).toBeNull();
  expect(ran.applied).toHaveLength(3);
});

test("an event trigger that looks at every command neither stops the runner nor sees it break", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_trigger.sql": `create table seen (tag text);
      create function see() returns event_trigger language plpgsql as $$ begin insert into public.seen values (tg_tag); end $$;
      create event trigger sees on ddl_command_end execute function see();`,
    "0002_after.sql": "create table after ();",
    "0003_statements.sql": "create table more (id int); commit; create index concurrently more_id on more (id);",
  });
  expect(failureOf(ran)).toBeNull();
  const tags = await db.query<{ tag: string }>("select tag from seen");
  expect(tags.map(({ tag }) => tag)).toContain("CREATE INDEX");
});

const LINES = ["create table one (id int primary key);", "insert into one values (1);", "insert into one values (2);"];

test.each([
  ["first", 0],
  ["middle", 1],
  ["last", 2],
])("an error in the %s statement has file, line, statement, SQLSTATE and hint, in every mode", async (_, at) => {
  const bad = (sql: string): string => [...LINES.slice(0, at), sql, ...LINES.slice(at + 1)].join("\n");
  const forms: [string, (sql: string) => string, number, number][] = [
    ["in a batch", (sql) => `-- größe 🐘\n\n${sql}`, 2, 0],
    ["wrapped", (sql) => `/* 🐘 */ BEGIN;\n${sql}\nCOMMIT;`, 1, 1],
    ["statement mode", (sql) => `-- lockkeeper: no-transaction\n-- 🐘\n${sql}`, 2, 0],
    ["its own transaction in statement mode", (sql) => `select 1; vacuum;\n/* 🐘 */ BEGIN;\n${sql}\nCOMMIT;`, 2, 3],
  ];
  for (const [form, wrap, lines, statements] of forms) {
    // One that has a position, one that has none, and one that the server finds before it runs anything.
    for (const [sql, code] of [
      ["select\n  'ö', nowhere;", "42703"],
      ["do $$ begin raise exception 'no' using errcode = '23505'; end $$;", "23505"],
      ["selec 1;", "42601"],
    ] as const) {
      await using db = await database();
      const ran = await runFiles(db, {
        "0001_before.sql": "create table before (note text default '🐘 ü');",
        "0002_bad.sql": wrap(bad(sql)),
        "0003_after.sql": "create table after ();",
      });
      const failure = failureOf(ran);
      const what = `${form}: ${code}`;
      const place = { file: "0002_bad.sql", line: lines + at + 1 + (code === "42703" ? 1 : 0) };
      // What has to be divided, and can't be, is refused before any file is run.
      const refused = code === "42601" && form !== "in a batch";
      const statement = code === "42601" ? null : at + 1 + statements;
      const wanted = refused
        ? { code: "UNSUPPORTED_STATEMENT", exitCode: 13, hint: expect.stringContaining("Nothing was run") as string }
        : { code, exitCode: 11, migration: "0002_bad", statement };
      expect(failure, what).toMatchObject({ ...place, ...wanted });
      expect(await tables(db), what).not.toContain("after");
      if (refused) expect(ran.applied, what).toEqual([]);
    }
  }
});
