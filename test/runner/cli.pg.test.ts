import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { expect, test, vi } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { LOCK_KEY } from "../../contract/lock.ts";
import { VERSION } from "../../contract/version.ts";
import { database } from "../postgres/database.ts";
import type { TestDatabase } from "../postgres/database.ts";
import { command, folder, lastLine, startCommand } from "./cli-process.ts";

const FILES = {
  "0001_users.sql": "create table users (id int primary key);",
  "0002_index.sql": "create index concurrently users_id on users (id);",
  "0003_name.sql": "alter table users add column name text",
};

/** Takes the lock as a superuser, or as the role of `url`. Its session ends with the database. */
async function holdLock(db: TestDatabase, applicationName: string, url = db.url): Promise<number> {
  const client = new pg.Client({ connectionString: url, application_name: applicationName });
  client.on("error", () => {});
  await client.connect();
  await client.query(`select pg_advisory_lock(${LOCK_KEY})`);
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}

test("status tells what is pending, changes nothing, and can be read as JSON", async () => {
  await using db = await database();
  await using source = await folder(FILES);
  const variables = { DATABASE_URL: db.url };
  const text = await command(["status", "--dir", source.dir], variables);
  expect(text).toMatchObject({ code: EXIT.done, stderr: "" });
  expect(text.stdout).toMatch(/^pending +3: 0001_users, 0002_index, 0003_name$/m);
  expect(text.stdout).toMatch(/^lock +free$/m);
  const { code, stdout } = await command(["status", "--dir", source.dir, "--json"], variables);
  expect(code).toBe(EXIT.done);
  expect(JSON.parse(stdout)).toMatchObject({
    database: { name: db.name },
    version: null,
    applied: [],
    pending: ["0001_users", "0002_index", "0003_name"],
    drifted: [],
    lock: { held: false, holder: null },
    telemetry: { available: false },
    error: null,
  });
  expect(await db.query("select from pg_namespace where nspname = 'lockkeeper'")).toEqual([]);
});

test("after migrate, status has the versions, the run and nothing pending; a changed file is drift, exit 12", async () => {
  await using db = await database();
  await using source = await folder(FILES);
  const variables = { DATABASE_URL: db.url };
  const migrated = await command(["migrate", "--dir", source.dir, "--source", "app:1"], variables);
  expect(migrated).toMatchObject({ code: EXIT.done, stderr: "" });
  expect(lastLine(migrated.stdout)).toMatchObject({ event: "finished", status: "SUCCESS", versionAfter: "0003_name" });

  const { stdout } = await command(["status", "--dir", source.dir, "--json"], variables);
  expect(JSON.parse(stdout)).toMatchObject({
    version: "0003_name",
    applied: ["0001_users", "0002_index", "0003_name"],
    pending: [],
    runs: [{ status: "SUCCESS", source: "app:1", runner: "cli", versionAfter: "0003_name" }],
    telemetry: { available: true, reason: "" },
  });

  await using changed = await folder({ ...FILES, "0001_users.sql": "create table users (id bigint);" });
  const drift = await command(["status", "--dir", changed.dir], variables);
  expect(drift.code).toBe(EXIT.drift);
  expect(drift.stdout).toMatch(/^changed +1: 0001_users$/m);
  expect(drift.stderr).toMatch(/^Drift: /);
});

test("every line of a run's log is JSON with the run's id, and --json keeps the result apart from it", async () => {
  await using db = await database();
  await using source = await folder(FILES);
  const runId = "0193a0b0-0000-7000-8000-0000000000aa";
  const argv = ["migrate", "--dir", source.dir, "--run-id", runId];
  const { stdout } = await command(argv, { DATABASE_URL: db.url });
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const line of lines) expect(line).toMatchObject({ runId, event: expect.any(String), msg: expect.any(String) });
  expect(lines.filter(({ event }) => event === "migrated").map(({ migration }) => migration)).toEqual([
    "0001_users",
    "0002_index",
    "0003_name",
  ]);

  const again = await command(["migrate", "--dir", source.dir, "--json"], { DATABASE_URL: db.url });
  expect(JSON.parse(again.stdout)).toMatchObject({ status: "SKIPPED", disabled: false, exitCode: 0, appliedTotal: 3 });
  expect(lastLine(again.stderr)).toMatchObject({ event: "finished" });
});

test("plan prints SQL that psql could run, in order, and runs nothing", async () => {
  await using db = await database();
  await using source = await folder({ ...FILES, "0003_name.sql": "alter table users add column name text -- last" });
  const { code, stdout } = await command(["plan", "--dir", source.dir], { DATABASE_URL: db.url });
  expect(code).toBe(EXIT.done);
  const heads = stdout.split("\n").filter((line) => /^-- \d/.test(line));
  expect(heads).toEqual([
    "-- 1 of 3: 0001_users (in a transaction, lock_timeout 5 s, statement_timeout off)",
    "-- 2 of 3: 0002_index (statement by statement, lock_timeout off, statement_timeout off)",
    "-- 3 of 3: 0003_name (in a transaction, lock_timeout 5 s, statement_timeout off)",
  ]);
  expect(await db.query("select from pg_class where relname = 'users'")).toEqual([]);
  await db.query("create schema lockkeeper");
  await db.query(
    "create table lockkeeper.migration_history (name text, checksum text, run_id uuid, applied_at timestamptz)",
  );
  const psql = await db.connect();
  // The server runs a message's statements in one transaction, which a concurrent index can't be in: piece by piece.
  for (const part of stdout.split(/^(?=-- \d of \d)|(?<=^SET lock_timeout = 0;)\n|^;\n/m)) await psql.query(part);
  expect(await db.query("select name from lockkeeper.migration_history order by name")).toEqual([
    { name: "0001_users" },
    { name: "0002_index" },
    { name: "0003_name" },
  ]);
  expect(await db.query("select id, name from users")).toEqual([]);
});

test("migrate does nothing with DB_MIGRATE_ENABLED=0, whatever else is wrong, and says so", async () => {
  const { code, stdout } = await command(["migrate", "--dir", "/nowhere"], { DB_MIGRATE_ENABLED: "0" });
  expect(code).toBe(EXIT.done);
  expect(lastLine(stdout)).toMatchObject({ event: "finished", status: "SKIPPED", disabled: true });
});

test("a disabled run is in the run log where there is one, and creates none", async () => {
  await using db = await database();
  await using source = await folder(FILES);
  const variables = { DATABASE_URL: db.url, DB_MIGRATE_ENABLED: "0" };
  const first = await command(["migrate", "--dir", source.dir], variables);
  expect(lastLine(first.stdout)).toMatchObject({ status: "SKIPPED", telemetry: { available: false } });
  expect(await db.query("select from pg_namespace where nspname = 'lockkeeper'")).toEqual([]);
  await command(["migrate", "--dir", source.dir], { DATABASE_URL: db.url });
  const second = await command(["migrate", "--dir", source.dir], variables);
  expect(lastLine(second.stdout)).toMatchObject({ status: "SKIPPED", telemetry: { available: true } });
  expect(await db.query("select status from lockkeeper.migration_run_log order by started_at")).toEqual([
    { status: "SUCCESS" },
    { status: "SKIPPED" },
  ]);
});

test("unlock tells who holds the lock, and with --yes ends that session and waits until the lock is free", async () => {
  await using db = await database();
  const variables = { DATABASE_URL: db.url };
  expect((await command(["unlock"], variables)).stdout).toBe("The migration lock is free.\n");
  const pid = await holdLock(db, "stuck-runner");
  const told = await command(["unlock"], variables);
  expect(told.code).toBe(EXIT.done);
  expect(told.stdout).toContain(`held by pid ${pid}`);
  expect(told.stdout).toMatch(/application +stuck-runner/);
  expect(told.stdout).toContain(`select pg_terminate_backend(${pid});`);
  expect(told.stdout).toMatch(/statement +select pg_backend_pid\(\) as pid/);

  const ended = await command(["unlock", "--yes"], variables);
  expect(ended.code).toBe(EXIT.done);
  expect(ended.stdout).toMatch(/^Ended pid \d+ .*\nThe migration lock is free\.\n$/);
  const json = await command(["unlock", "--json"], variables);
  expect(JSON.parse(json.stdout)).toMatchObject({ held: false, holder: null });
});

test("unlock names the right that the role lacks", async () => {
  await using db = await database();
  const owner = await db.role("owner");
  const other = await db.role("other");
  const pid = await holdLock(db, "runner", owner.url);
  const told = await command(["unlock"], { DATABASE_URL: other.url });
  expect(told.stdout).toContain("pg_read_all_stats");
  const ended = await command(["unlock", "--yes"], { DATABASE_URL: other.url });
  expect(ended.code).toBe(EXIT.invalidInput);
  expect(ended.stderr).toContain(`the role ${other.name} may not end pid ${pid}, a session of ${owner.name}`);
  expect(ended.stderr).toContain(`GRANT pg_signal_backend TO ${other.name}`);
  expect(JSON.parse((await command(["unlock", "--json"], { DATABASE_URL: db.url })).stdout)).toMatchObject({
    held: true,
  });
});

test("SIGTERM stops a runner that waits for the lock with exit 15", async () => {
  await using db = await database();
  await using source = await folder(FILES);
  await holdLock(db, "other");
  const { child, ended } = startCommand(["migrate", "--dir", source.dir], { DATABASE_URL: db.url });
  await logUntil(child)('"event":"waiting-for-lock"');
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: EXIT.cancelled, signal: null });
  expect(await db.query("select from pg_class where relname = 'users'")).toEqual([]);
});

const OS = 'import os from "node:os"; import { syncBuiltinESMExports } from "node:module";';

test.each([
  ["in a callback", "setTimeout(() => { throw new Error('boom'); }, 0)"],
  ["in the command", `${OS} os.hostname = () => { throw new Error("boom"); }; syncBuiltinESMExports();`],
])("what nobody foresaw, %s, is called a bug: exit 70, and a stack trace only when asked for", async (_where, code) => {
  const sabotage = `--import=data:text/javascript,${encodeURIComponent(code)}`;
  const variables = { DATABASE_URL: "postgres://app@127.0.0.1:1/x", NODE_OPTIONS: sabotage };
  const plain = await command(["status", "--dir", "/nowhere"], variables);
  expect(plain.code).toBe(EXIT.bug);
  expect(plain.stderr).toContain("this is a bug in Lockkeeper: boom");
  expect(plain.stderr).not.toMatch(/\bat .*:\d+/);
  const debug = await command(["status", "--dir", "/nowhere"], { ...variables, LOCKKEEPER_DEBUG: "1" });
  expect(debug.stderr).toMatch(/\bat .*:\d+/);
});

test("a long output is whole, however slowly it is read", async () => {
  await using db = await database();
  const filler = `-- ${"x".repeat(1_000_000)}\n`;
  await using source = await folder({ "0001_a.sql": `${filler}select 1;`, "0002_b.sql": `select 2;\n${filler}` });
  const { child, ended } = startCommand(["plan", "--dir", source.dir], { DATABASE_URL: db.url });
  child.stdout?.pause();
  child.stderr?.resume();
  setTimeout(() => child.stdout?.resume(), 1_500);
  const { code, stdout } = await ended;
  expect(code).toBe(EXIT.done);
  expect(stdout.length).toBeGreaterThan(2_000_000);
  expect(stdout.trimEnd().endsWith(";COMMIT;")).toBe(true);
});

test("help and version go to standard output, and the help isn't redacted", async () => {
  const help = await command(["--help"], {});
  expect(help).toMatchObject({ code: EXIT.done, stderr: "" });
  expect(help.stdout).toContain("postgres://USER:PASSWORD@HOST:PORT/NAME");
  expect(await command(["--version"], {})).toMatchObject({ code: EXIT.done, stdout: `${VERSION}\n` });
  expect(await command([], {})).toMatchObject({ code: EXIT.invalidInput, stdout: "" });
});

test("down needs --yes, goes back to the migration that it names, and is recorded; --to 0 undoes all", async () => {
  await using db = await database();
  await using source = await folder({
    "0001_a.up.sql": "create table a (id int);",
    "0001_a.down.sql": "drop table a;",
    "0002_b.up.sql": "create table b (id int);",
    "0002_b.down.sql": "drop table b;",
  });
  const run = async (...argv: string[]) =>
    await command([...argv, "--dir", source.dir, "--json"], { DATABASE_URL: db.url });
  await run("migrate");
  const refused = await run("down", "--to", "0001_a");
  expect(refused.code).toBe(EXIT.invalidInput);
  expect(JSON.parse(refused.stdout)).toMatchObject({
    command: "down",
    error: { message: "down undoes what was applied after 0001_a, and what that stored is lost" },
  });
  const back = await run("down", "--to", "0001_a", "--yes");
  expect(JSON.parse(back.stdout)).toMatchObject({ status: "SUCCESS", applied: ["0002_b"], versionAfter: "0001_a" });
  const all = await run("down", "--to", "0", "--yes");
  expect(JSON.parse(all.stdout)).toMatchObject({ status: "SUCCESS", applied: ["0001_a"], versionAfter: null });
  expect(await db.query("select from pg_class where relname in ('a', 'b')")).toEqual([]);
  expect(await db.query("select from lockkeeper.migration_run_log where status = 'SUCCESS'")).toHaveLength(3);
});

test("baseline records without running, for a database that has the schema and no history", async () => {
  await using db = await database();
  await using source = await folder(FILES);
  await db.query("create table users (id int primary key)");
  const argv = ["baseline", "0002_index", "--dir", source.dir, "--json"];
  const { code, stdout } = await command(argv, { DATABASE_URL: db.url });
  expect(code).toBe(EXIT.done);
  expect(JSON.parse(stdout)).toMatchObject({ applied: ["0001_users", "0002_index"], pending: ["0003_name"] });
  await command(["migrate", "--dir", source.dir], { DATABASE_URL: db.url });
  expect(await db.query("select name from users")).toEqual([]);
});

test("a second SIGINT doesn't wait for a module that doesn't stop: exit 15 at once", async () => {
  await using db = await database();
  await using source = await folder({
    "0001_stubborn.mjs":
      "export async function up() { console.log('at work'); await new Promise((resolve) => setTimeout(resolve, 600_000)); }",
  });
  const { child, ended } = startCommand(["migrate", "--dir", source.dir], { DATABASE_URL: db.url });
  const seen = logUntil(child);
  // Before that there is nothing to wait for, and the first SIGINT ends it.
  await seen("at work");
  child.kill("SIGINT");
  await seen('"event":"cancelling"');
  child.kill("SIGINT");
  const { code, signal, stdout } = await ended;
  expect({ code, signal }).toEqual({ code: EXIT.cancelled, signal: null });
  // One SIGINT alone gives the module some time, and then finishes the run properly.
  expect(stdout).not.toContain('"event":"finished"');
  expect(await db.query("select from lockkeeper.migration_history")).toEqual([]);
});

test("the report of a run and of a status has the tag, the database, the digest and the counts", async () => {
  await using db = await database();
  await using source = await folder(FILES);
  const report = join(source.dir, "report.json");
  const argv = ["--dir", source.dir, "--format", "sql", "--report", report, "--report-tag", "key 1"];
  const read = async () => JSON.parse(await readFile(report, "utf8")) as Record<string, unknown>;
  await command(["status", ...argv], { DATABASE_URL: db.url });
  const before = await read();
  expect(before).toMatchObject({ command: "status", outcome: "SUCCESS", exitCode: 0, pendingCount: 3, available: 3 });
  await command(["migrate", ...argv], { DATABASE_URL: db.url });
  const after = await read();
  expect(after).toMatchObject({ command: "migrate", outcome: "SUCCESS", appliedCount: 3, versionAfter: "0003_name" });
  for (const each of [before, after]) {
    expect(each).toMatchObject({ tag: "key 1", digest: before.digest, database: { name: db.name } });
    expect(each.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  }
});

/** Waits until the command's log has a text. */
function logUntil(child: ChildProcess): (text: string) => Promise<void> {
  let log = "";
  child.stdout?.on("data", (more: string) => (log += more));
  return async (text) => await vi.waitFor(() => expect(log).toContain(text), { timeout: 30_000 });
}
