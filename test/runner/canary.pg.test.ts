import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { LOCK_KEY } from "../../contract/lock.ts";
import { database } from "../postgres/database.ts";
import type { TestDatabase } from "../postgres/database.ts";
import { startPgBouncer } from "../postgres/pgbouncer.ts";
import { activity, CANARY, commandLines, databaseTexts, forms, leaks } from "./canary.ts";
import type { Texts } from "./canary.ts";
import { command, folder, startCommand } from "./cli-process.ts";
import type { Ended } from "./cli-process.ts";
import { runFolder } from "./run.ts";

const withCanary = async (db: TestDatabase, suffix = "canary") =>
  await db.role(suffix, {
    password: CANARY,
    grants: ["usage, create on schema public", `create on database ${db.name}`],
  });

const outputs = (name: string, { stdout, stderr }: Ended): Texts => ({
  [`${name}: stdout`]: stdout,
  [`${name}: stderr`]: stderr,
});

const SLOW = "select pg_sleep(1.5)";
const FILES = {
  "0001_users.sql": "create table users (id int);",
  "0002_slow.sql": SLOW,
  "0003_bad.sql": "select nope",
};

/** Everything that a failing run says, shows and leaves behind, on its way and at its end. */
async function collected(): Promise<Texts> {
  await using db = await database();
  await using source = await folder(FILES);
  const role = await withCanary(db);
  const scratch = await mkdtemp(join(tmpdir(), "lockkeeper-canary-"));
  try {
    const report = join(scratch, "report.json");
    const variables = { DATABASE_URL: role.url, LOCKKEEPER_DEBUG: "1" };
    const running = startCommand(["migrate", "--dir", source.dir, "--report", report], variables);
    const during: string[] = [];
    const seen: string[] = [];
    while (running.child.exitCode === null) {
      during.push(await commandLines());
      seen.push(await activity(db));
    }
    const urlFile = join(scratch, "url");
    await writeFile(urlFile, role.url);
    const others = await Promise.all(
      ["status", "plan", "unlock"].map(async (name) => {
        const dir = name === "unlock" ? [] : ["--dir", source.dir];
        const flags = [...dir, "--database-url-file", urlFile];
        return {
          ...outputs(name, await command([name, ...flags], {})),
          ...outputs(`${name} --json`, await command([name, ...flags, "--json"], {})),
        };
      }),
    );
    const ran = await runFolder({ url: role.url }, source.dir);
    return {
      ...outputs("migrate", await running.ended),
      report: await readFile(report, "utf8"),
      "/proc/*/cmdline": during.join("\n"),
      "pg_stat_activity during the run": seen.join("\n"),
      ...Object.assign({}, ...others),
      events: JSON.stringify(ran.events),
      result: JSON.stringify(ran) + String(ran.failure?.message) + String(ran.failure?.stack),
      ...(await databaseTexts(db)),
    };
  } finally {
    await rm(scratch, { recursive: true });
  }
}

let texts: Texts = {};
beforeAll(async () => {
  texts = await collected();
}, 120_000);

test("a run that fails tells the password nowhere", () => {
  expect(leaks(texts)).toEqual([]);
});

test("all of these channels were looked into, and had something in them", () => {
  expect(Object.keys(texts)).toEqual(
    expect.arrayContaining([
      "migrate: stdout",
      "report",
      "/proc/*/cmdline",
      "pg_stat_activity during the run",
      "status: stdout",
      "plan: stdout",
      "unlock: stdout",
      "status --json: stdout",
      "events",
      "result",
      "lockkeeper.migration_run_log",
      "lockkeeper.migration_history",
      "pg_stat_activity",
    ]),
  );
  const empty = Object.entries(texts).filter(([channel, text]) => text === "" && !channel.endsWith("stderr"));
  expect(empty).toEqual([]);
  expect(texts["/proc/*/cmdline"]).toContain("migrate");
  expect(texts["pg_stat_activity during the run"]).toContain('"migration_run_log"');
  expect(texts["lockkeeper.migration_run_log"]).toContain("42703");
});

test.each(forms())("planted in each of these channels, as %s, it would be found", (form) => {
  for (const [channel, text] of Object.entries(texts)) {
    const middle = Math.floor(text.length / 2);
    const planted = { ...texts, [channel]: `${text.slice(0, middle)}${form}${text.slice(middle)}` };
    expect(leaks(planted)).toEqual([channel]);
  }
});

test("it is found behind any text in base64, as in a credential of HTTP", () => {
  for (const before of ["", "u:", "us:", "user:"]) {
    expect(leaks({ header: Buffer.from(`${before}${CANARY}`).toString("base64") })).toEqual(["header"]);
    expect(leaks({ header: Buffer.from(`${before}${CANARY}@host`).toString("base64url") })).toEqual(["header"]);
  }
});

test("a process that has it among its arguments is found, and so are a row, a statement and a session's name", async () => {
  await using db = await database();
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", CANARY], { stdio: "ignore" });
  await once(child, "spawn");
  try {
    expect(leaks({ cmdline: await commandLines() })).toEqual(["cmdline"]);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  expect(leaks({ cmdline: await commandLines() })).toEqual([]);

  await using source = await folder({ "0001_users.sql": "create table users (id int)" });
  await runFolder(db, source.dir);
  expect(leaks(await databaseTexts(db))).toEqual([]);
  await db.query("update lockkeeper.migration_run_log set error_message = $1", [`it is ${CANARY}`]);
  expect(leaks(await databaseTexts(db))).toEqual(["lockkeeper.migration_run_log"]);
  await db.query("update lockkeeper.migration_history set checksum = $1", [Buffer.from(CANARY).toString("base64")]);
  expect(leaks(await databaseTexts(db))).toHaveLength(2);
  const session = await db.connect();
  await session.query(`select '${CANARY.replaceAll("'", "''")}'`);
  expect(leaks(await databaseTexts(db))).toContain("pg_stat_activity");
  await session.query(`set application_name = '${encodeURIComponent("x").repeat(3)}'; select 1`);
  expect(leaks(await databaseTexts(db))).not.toContain("pg_stat_activity");
});

type Failing = { name: string; url: (db: TestDatabase, url: URL) => string; says: RegExp };

/** Ways in which a connection fails, each with another part of the URL in the error. */
const failing: Failing[] = [
  { name: "a wrong port", url: (_, url) => changed(url, { port: "1" }), says: /ECONNREFUSED/ },
  { name: "a wrong password", url: (_, url) => changed(url, { username: "postgres" }), says: /28P01/ },
  { name: "a wrong user", url: (_, url) => changed(url, { username: "nobody_at_all" }), says: /28P01/ },
  { name: "a wrong database", url: (_, url) => changed(url, { pathname: "/nowhere" }), says: /3D000/ },
  { name: "a wrong host", url: (_, url) => changed(url, { hostname: "nowhere.invalid" }), says: /ENOTFOUND|EAI_AGAIN/ },
  { name: "TLS refused", url: (_, url) => `${url.href}?sslmode=require`, says: /does not support SSL/ },
  { name: "a CA that isn't there", url: (_, url) => `${url.href}?sslrootcert=/nowhere/ca.crt`, says: /ca\.crt/ },
  { name: "a password that isn't encoded", url: (_, url) => raw(url), says: /not a PostgreSQL URL|can't be read/ },
  {
    name: "a scheme of another database",
    url: (_, url) => url.href.replace("postgres:", "mysql:"),
    says: /not a PostgreSQL URL/,
  },
  { name: "a port that is none", url: (_, url) => url.href.replace(/:\d+\//, ":54x32/"), says: /not a PostgreSQL URL/ },
];

function changed(url: URL, parts: Partial<Pick<URL, "port" | "username" | "pathname" | "hostname">>): string {
  return Object.assign(new URL(url.href), parts).href;
}

/** As somebody writes it who doesn't know about encoding. */
const raw = (url: URL): string => `postgres://${url.username}:${CANARY}@${url.hostname}:${url.port}${url.pathname}`;

test.each(failing)("a connection that fails by $name says why, without the password", async ({ url, says }) => {
  await using db = await database();
  await using source = await folder({ "0001_users.sql": "create table users (id int)" });
  const role = await withCanary(db);
  const variables = { DATABASE_URL: url(db, new URL(role.url)), LOCKKEEPER_DEBUG: "1" };
  const flags = ["--dir", source.dir, "--connect-wait", "0"];
  const ended = await command(["migrate", ...flags], variables);
  expect(leaks(outputs("migrate", ended))).toEqual([]);
  expect([13, 14]).toContain(ended.code);
  expect(ended.stdout + ended.stderr).toMatch(says);
});

test("neither do migrate --json, down and baseline, done or refused, nor their reports and rows", async () => {
  await using db = await database();
  await using source = await folder({
    "0001_a.up.sql": "create table a (id int)",
    "0001_a.down.sql": "drop table a",
    "0002_b.up.sql": "create table b (id int)",
    "0002_b.down.sql": "drop table nowhere",
  });
  await using scratch = await folder({});
  const role = await withCanary(db);
  const said: Texts = {};
  const codes: (number | null)[] = [];
  const tell = async (...argv: string[]): Promise<void> => {
    const report = join(scratch.dir, `${codes.length}.json`);
    const flags = ["--dir", source.dir, "--report", report];
    const ended = await command([...argv, ...flags], { DATABASE_URL: role.url, LOCKKEEPER_DEBUG: "1" });
    const name = `#${codes.push(ended.code)} ${argv.join(" ")}`;
    Object.assign(said, outputs(name, ended), { [`${name}: report`]: await readFile(report, "utf8") });
  };
  await tell("baseline", "0003_nowhere");
  await tell("baseline", "0001_a", "--json");
  await tell("baseline", "0001_a");
  await tell("migrate", "--json");
  await tell("down", "--to", "0001_a", "--yes");
  await tell("down", "--to", "0001_a", "--yes", "--json");
  await db.query("create table nowhere ()");
  await db.query(`alter table nowhere owner to ${role.name}`);
  await tell("down", "--to", "0001_a", "--yes", "--json");
  await tell("down", "--to", "0", "--json");
  expect(codes).toEqual([13, 0, 13, 0, 11, 11, 0, 13]);
  for (const [channel, text] of Object.entries(said)) {
    if (channel.endsWith("--json: stdout")) expect(JSON.parse(text)).toMatchObject({ exitCode: expect.any(Number) });
  }
  expect(leaks({ ...said, ...(await databaseTexts(db)) })).toEqual([]);
});

test("neither a pooler's refusal nor a wait for the lock tells it", async () => {
  await using db = await database();
  await using source = await folder({ "0001_users.sql": "create table users (id int)" });
  const role = await withCanary(db);
  await using bouncer = await startPgBouncer(role, { mode: "transaction" });
  const flags = ["--dir", source.dir, "--lock-wait", "200ms"];
  const pooled = await command(["migrate", ...flags], { DATABASE_URL: bouncer.url });
  expect(pooled.code).toBe(13);
  const other = await db.connect();
  await other.query(`select pg_advisory_lock(${LOCK_KEY})`);
  const waited = await command(["migrate", ...flags], { DATABASE_URL: role.url });
  expect(waited.code).toBe(10);
  expect(leaks({ ...outputs("pooled", pooled), ...outputs("waited", waited) })).toEqual([]);
});

test("a migration that prints the password itself has it redacted in the error, the row and the report", async () => {
  await using db = await database();
  const role = await withCanary(db);
  const text = CANARY.replaceAll("'", "''").replaceAll("%", "%%");
  await using source = await folder({ "0001_tell.sql": `do $$ begin raise exception 'it is ${text}'; end $$` });
  const ended = await command(["migrate", "--dir", source.dir], { DATABASE_URL: role.url });
  expect(ended.code).toBe(11);
  const told = outputs("migrate", ended);
  expect(leaks({ ...told, ...(await databaseTexts(db)) })).toEqual([]);
  expect(ended.stdout).toContain("[redacted]");
});
