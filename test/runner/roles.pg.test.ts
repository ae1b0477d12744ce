import { expect, test } from "vitest";
import type { ConnectionSettings, RunSettings } from "../../job/settings.ts";
import { folderWith } from "../../job/source/folder-fixture.ts";
import { database } from "../postgres/database.ts";
import type { RoleOptions, TestDatabase } from "../postgres/database.ts";
import { failureOf, runFiles } from "./run.ts";
import type { Changes, Ran } from "./run.ts";
import { command, lastLine } from "./cli-process.ts";

/** What an application's migrating role usually may do. */
async function migrator(db: TestDatabase, options: RoleOptions = {}) {
  const grants = ["usage, create on schema public", `create on database ${db.name}`, ...(options.grants ?? [])];
  return await db.role("migrator", { ...options, grants });
}

const connectionTo = (url: string, changes: Partial<ConnectionSettings> = {}): ConnectionSettings => ({
  url,
  ca: null,
  connectWaitMs: 20_000,
  applicationName: "lockkeeper",
  checkPooler: true,
  ...changes,
});

const runAs = async (url: string, files: Record<string, string>, changes: Changes = {}): Promise<Ran> =>
  await runFiles({ url }, files, { connection: connectionTo(url), ...changes });

/** Longer than any of the time-outs below; a concurrent index, so that it also runs outside of a transaction. */
const SLOW = {
  "0001_users.sql": "create table users (id int); select pg_sleep(0.4);",
  "0002_index.sql": "select pg_sleep(0.4);\ncreate index concurrently users_id on users (id);\nselect pg_sleep(0.4);",
  "0003_last.sql": "do $$ begin perform pg_sleep(0.4); create table last (id int); end $$",
};
const ALL = ["0001_users", "0002_index", "0003_last"];

test.each([
  ["statement_timeout", "50ms"],
  ["lock_timeout", "1ms"],
  ["idle_session_timeout", "50ms"],
  ["idle_in_transaction_session_timeout", "50ms"],
  ["transaction_timeout", "50ms"],
  ["default_transaction_isolation", "serializable"],
  ["search_path", "pg_catalog"],
])("a role's own %s of %s disturbs no run", async (setting, value) => {
  await using db = await database();
  // Before 17 there is no transaction_timeout: whatever else the role has must do no harm either.
  const known = setting !== "transaction_timeout" || db.version >= 17;
  const role = await migrator(db, { settings: known ? { [setting]: value } : { lock_timeout: "1ms" } });
  const files = setting === "search_path" ? qualified(SLOW) : SLOW;
  const ran = await runAs(role.url, files);
  expect(failureOf(ran)).toBeNull();
  expect(ran).toMatchObject({ status: "SUCCESS", applied: ALL, telemetry: { available: true, reason: "" } });
  expect(await db.query("select status, applied from lockkeeper.migration_run_log")).toEqual([
    { status: "SUCCESS", applied: ALL },
  ]);
});

const qualified = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).map(([name, sql]) => [
      name,
      sql.replaceAll(/\b(table|on) (users|last)/g, (_, word: string, table: string) => `${word} public.${table}`),
    ]),
  );

test("a role's lock_timeout of 1 ms doesn't replace the run's own, which a blocked table still meets", async () => {
  await using db = await database();
  const role = await migrator(db, { settings: { lock_timeout: "1ms", statement_timeout: "50ms" } });
  await runAs(role.url, { "0001_users.sql": "create table users (id int)" });
  const web = await db.connect("web");
  await web.query("begin; lock table users in access share mode");
  const files = { "0001_users.sql": "create table users (id int)", "0002_name.sql": "alter table users add name text" };
  const ran = await runAs(role.url, files, { lock: { timeoutMs: 600, retries: 0 } });
  expect(ran).toMatchObject({ status: "LOCK_TIMEOUT", error: { code: "55P03" }, blockers: [{ application: "web" }] });
  expect(ran.lockWaitMs).toBeGreaterThanOrEqual(600);
});

test("the search_path that a role has by itself is where its tables go", async () => {
  await using db = await database();
  await db.query("create schema shop");
  const role = await migrator(db, {
    settings: { search_path: "shop" },
    grants: ["usage, create on schema shop"],
  });
  const ran = await runAs(role.url, {
    "0001_users.sql": "create table users (id int)",
    "0002_away.sql": "set search_path = pg_catalog; create table public.away ()",
    "0003_plans.sql": "create table plans (id int)",
  });
  expect(failureOf(ran)).toBeNull();
  expect(await db.query("select tablename from pg_tables where schemaname = 'shop' order by 1")).toEqual([
    { tablename: "plans" },
    { tablename: "users" },
  ]);
});

test("a role with one connection migrates, says what it lacks, and logs the run at its end", async () => {
  await using db = await database();
  const role = await migrator(db);
  await db.query(`alter role ${role.name} connection limit 1`);
  const first = await runAs(role.url, { "0001_users.sql": "create table users (id int)" });
  expect(failureOf(first)).toBeNull();
  expect(first).toMatchObject({ status: "SUCCESS", applied: ["0001_users"] });
  // The next one as well: nothing is left of the first that would take the connection.
  const second = await runAs(role.url, {
    "0001_users.sql": "create table users (id int)",
    "0002_index.sql": "create index concurrently users_id on users (id)",
  });
  expect(failureOf(second)).toBeNull();
  expect(second).toMatchObject({ status: "SUCCESS", applied: ["0002_index"] });
  for (const { warnings } of [first, second]) expect(warnings.join()).toContain("the second connection is down");
  // Nobody could follow these runs, but the only connection wrote what they came to.
  expect(await db.query("select status, applied from lockkeeper.migration_run_log order by started_at")).toEqual([
    { status: "SUCCESS", applied: ["0001_users"] },
    { status: "SUCCESS", applied: ["0002_index"] },
  ]);
});

test("a role that owns neither database nor schema migrates with the right to create in it", async () => {
  await using db = await database();
  const role = await migrator(db);
  const ran = await runAs(role.url, SLOW);
  expect(ran).toMatchObject({ status: "SUCCESS", applied: ALL, telemetry: { available: true } });
  const [owner] = await db.query(
    "select pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = 'public'",
  );
  expect(owner?.["owner"]).not.toBe(role.name);
});

test("without CREATE on the database the history can't be made: the right is named, and the ways without it", async () => {
  await using db = await database();
  const role = await db.role("migrator", { grants: ["usage, create on schema public"] });
  const files = { "0001_users.sql": "create table users (id int)" };
  const ran = await runAs(role.url, files);
  expect(failureOf(ran)).toMatchObject({
    code: "PERMISSION",
    exitCode: 13,
    message: expect.stringContaining(`CREATE on database ${db.name}`) as unknown,
    hint: expect.stringMatching(/grant create on database .*--history-table/) as unknown,
  });
  expect(ran.applied).toEqual([]);
  expect(await db.query("select from pg_tables where schemaname = 'public'")).toEqual([]);

  const table = { schema: "public", table: "migration_history" };
  const history: RunSettings["history"] = { format: "auto", table };
  const elsewhere = await runAs(role.url, files, { history });
  expect(failureOf(elsewhere)).toBeNull();
  expect(elsewhere).toMatchObject({ status: "SUCCESS", applied: ["0001_users"], telemetry: { available: false } });
  expect(elsewhere.telemetry.reason).toContain("GRANT CREATE ON DATABASE");
  expect(await db.query("select name from public.migration_history")).toEqual([{ name: "0001_users" }]);
});

test("the command with both tables in a schema of the application's needs no right on the database", async () => {
  await using db = await database();
  const role = await db.role("migrator", { grants: ["usage, create on schema public"] });
  // A log elsewhere is used, never created: the application's own migration makes it.
  const log = `create table public.runs (id uuid primary key, status text not null, runner text not null, source text, host text,
    started_at timestamptz not null, heartbeat_at timestamptz not null, finished_at timestamptz,
    lock_wait_ms bigint not null default 0, version_before text, version_after text,
    pending text[] not null default '{}', applied text[] not null default '{}',
    error_code text, error_message text, error_migration text, blockers jsonb)`;
  await using source = await folderWith({ "0001_runs.sql": log, "0002_users.sql": "create table users (id int)" });
  const tables = ["--history-table", "public.history", "--run-log-table", "public.runs"];
  const ended = await command(["migrate", "--dir", source.dir, ...tables], { DATABASE_URL: role.url });
  expect(lastLine(ended.stdout)).toMatchObject({ status: "SUCCESS", telemetry: { available: true } });
  expect(await db.query("select status, applied from runs")).toEqual([
    { status: "SUCCESS", applied: ["0001_runs", "0002_users"] },
  ]);
  expect(await db.query("select from pg_namespace where nspname = 'lockkeeper'")).toEqual([]);
});

test("a table of somebody else's is 42501, with what to do about it", async () => {
  await using db = await database();
  const role = await migrator(db);
  await db.query("create table private (id int)");
  const ran = await runAs(role.url, {
    "0001_users.sql": "create table users (id int)",
    "0002_private.sql": "insert into private values (1)",
  });
  expect(failureOf(ran)).toMatchObject({
    code: "42501",
    exitCode: 11,
    migration: "0002_private",
    file: "0002_private.sql",
    line: 1,
    message: expect.stringContaining("permission denied for table private") as unknown,
    hint: expect.stringMatching(/[Gg]rant/) as unknown,
  });
  expect(ran.applied).toEqual(["0001_users"]);
});

test("with telemetry off nothing of the log is created", async () => {
  await using db = await database();
  const files = { "0001_users.sql": "create table users (id int)" };
  const ran = await runAs(db.url, files, { runLog: { enabled: false, table: null, retentionMs: 0 } });
  expect(ran).toMatchObject({ status: "SUCCESS", telemetry: { available: false } });
  const made = "select c.relname from pg_class c where c.relnamespace = 'lockkeeper'::regnamespace and relkind = 'r'";
  expect(await db.query(made)).toEqual([{ relname: "migration_history" }]);
});
