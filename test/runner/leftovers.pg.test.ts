import { expect, test } from "vitest";
import { database } from "../postgres/database.ts";
import { failureOf, history, runFiles, tables } from "./run.ts";

/** What a migration may leave behind in its session, and what must be as it was for the next one. */
const LEFT_BEHIND: [string, string][] = [
  ["a search_path", "create schema other; set search_path = other;"],
  ["an emptied search_path", "select pg_catalog.set_config('search_path', '', false);"],
  ["a role", "create role ROLE; set role ROLE;"],
  ["a session authorization", "create role ROLE; set session authorization ROLE;"],
  ["a read-only default", "set default_transaction_read_only = on;"],
  ["read-only session characteristics", "set session characteristics as transaction read only;"],
  [
    "a read-only default that no filter sees",
    "do $$ begin execute 'set default_transaction' || '_read_only = on'; end $$;",
  ],
  ["an isolation level", "set session characteristics as transaction isolation level serializable;"],
  ["a statement timeout of 1 ms", "set statement_timeout = '1ms';"],
  ["a lock timeout of 1 ms", "set lock_timeout = '1ms';"],
  ["standard_conforming_strings off", "set standard_conforming_strings = off;"],
  ["silence about notices", "set client_min_messages = error;"],
];

const CHECK = `create table after_it (isolation text default current_setting('transaction_isolation'), path text);
insert into after_it (path) values (current_setting('search_path'));
select pg_sleep(0.02);`;

test.each([
  ["in the same message", 64],
  ["in the next message", 1],
])("what a migration leaves behind doesn't reach the next one %s", async (_, maxFiles) => {
  for (const [what, sql] of LEFT_BEHIND) {
    await using db = await database();
    const role = `${db.name}_left`;
    const ran = await runFiles(
      db,
      { "0001_leaves.sql": sql.replaceAll("ROLE", role), "0002_after.sql": CHECK },
      { batch: { maxFiles, maxBytes: 262_144 } },
    );
    if (sql.includes("create role")) await db.query(`drop role ${role}`);
    expect(failureOf(ran), what).toBeNull();
    expect(await tables(db), what).toEqual(["after_it"]);
    expect(await db.query("select * from after_it"), what).toEqual([
      { isolation: "read committed", path: '"$user", public' },
    ]);
    expect(await history(db), what).toEqual(["0001_leaves", "0002_after"]);
    expect(ran.telemetry, what).toEqual({ available: true, reason: "" });
  }
});

test("what the last migration leaves behind doesn't keep the run from reading the history and ending well", async () => {
  for (const [what, sql] of LEFT_BEHIND) {
    await using db = await database();
    const role = `${db.name}_left`;
    const ran = await runFiles(db, { "0001_leaves.sql": sql.replaceAll("ROLE", role) });
    if (sql.includes("create role")) await db.query(`drop role ${role}`);
    expect(failureOf(ran), what).toBeNull();
    expect(ran, what).toMatchObject({ status: "SUCCESS", versionAfter: "0001_leaves", appliedTotal: 1, pending: [] });
    const log = await db.query("select status from lockkeeper.migration_run_log");
    expect(log, what).toEqual([{ status: "SUCCESS" }]);
  }
});

test("statement mode starts clean too, keeps the file's own SET to its end, and leaves nothing to the next", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_leaves.sql": "create schema other; set search_path = other; set statement_timeout = '1ms';",
    "0002_statements.sql":
      "create table here (id int);\ncommit;\nset search_path = other;\ncreate table there (id int);\n" +
      "create index concurrently there_id on there (id);\nset statement_timeout = '1ms'; set role pg_monitor;",
    "0003_after.sql": "create table back (id int); select pg_sleep(0.02);",
  });
  expect(failureOf(ran)).toBeNull();
  expect(await tables(db)).toEqual(["back", "here"]);
  expect(await db.query("select to_regclass('other.there') is not null as there")).toEqual([{ there: true }]);
});

test("a role's default isolation level doesn't reach a migration's transaction: its snapshots come after the lock", async () => {
  await using db = await database();
  const role = await db.role("serial", {
    grants: [`create on database ${db.name}`, "create on schema public"],
    settings: {
      default_transaction_isolation: "repeatable read",
      statement_timeout: "1s",
      lock_timeout: "1ms",
      idle_in_transaction_session_timeout: "1ms",
    },
  });
  const ran = await runFiles(
    db,
    {
      "0001_seen.sql":
        "create table seen as select current_setting('transaction_isolation') as level; select pg_sleep(1.1);",
    },
    { url: role.url },
  );
  expect(failureOf(ran)).toBeNull();
  expect(await db.query("select level from seen")).toEqual([{ level: "read committed" }]);
  expect(await db.query(`drop owned by ${role.name} cascade`)).toEqual([]);
});

test("temporary tables and cursors of one migration may be made again by the next", async () => {
  await using db = await database();
  const sql = "create temp table scratch (id int); declare c cursor with hold for select 1;";
  const ran = await runFiles(db, { "0001_one.sql": sql, "0002_two.sql": sql });
  expect(failureOf(ran)).toBeNull();
});

test("a migration that gives up every advisory lock of its session doesn't let go of the fence", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_unlocks.sql": "select pg_advisory_unlock_all();",
    "0002_after.sql":
      "create table fenced as select count(*)::int as locks from pg_locks where locktype = 'advisory' and pid = pg_backend_pid();",
  });
  expect(failureOf(ran)).toBeNull();
  expect(await db.query("select locks from fenced")).toEqual([{ locks: 1 }]);
});
