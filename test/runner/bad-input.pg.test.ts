import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { database } from "../postgres/database.ts";
import type { TestDatabase } from "../postgres/database.ts";
import { command, folder, lastLine } from "./cli-process.ts";
import type { Ended } from "./cli-process.ts";

const CANARY = "canary-3f9a";
const entry = (idx: number, tag: string) => ({
  idx,
  version: "7",
  when: 1_700_000_000_000 + idx,
  tag,
  breakpoints: true,
});
const journal = (...tags: string[]): string =>
  JSON.stringify({ version: "7", dialect: "postgresql", entries: tags.map((tag, idx) => entry(idx, tag)) }, null, 2);

type Files = Record<string, string | Buffer | null>;
type Case = {
  name: string;
  files?: Files;
  argv?: string[];
  url?: (db: TestDatabase) => string | null;
  exitCode?: number;
  code: string;
  /** What the message or its location has to name. */
  names: string[];
  /** It is found out under the lock, where the run is logged already. */
  logged?: true;
};

const GOOD: Files = { "0001_users.sql": "create table users (id int);" };

const cases: Case[] = [
  { name: "an unset URL", url: () => null, code: "INVALID_INPUT", names: ["DATABASE_URL"] },
  { name: "a URL that is none", url: () => `db:5432/${CANARY}`, code: "INVALID_INPUT", names: ["DATABASE_URL"] },
  {
    name: "a wrong password",
    url: (db) => withPassword(db.url, CANARY),
    exitCode: EXIT.unreachable,
    code: "CONNECTION_REFUSED",
    names: ["28P01"],
  },
  {
    name: "a database that doesn't exist",
    url: (db) => `${db.url}_not`,
    exitCode: EXIT.unreachable,
    code: "CONNECTION_REFUSED",
    names: ["3D000"],
  },
  {
    name: "a server that isn't there",
    url: () => "postgres://app@127.0.0.1:1/shop",
    argv: ["--connect-wait", "0"],
    exitCode: EXIT.unreachable,
    code: "UNREACHABLE",
    names: ["127.0.0.1:1"],
  },
  {
    name: "a folder without a journal",
    files: GOOD,
    argv: ["--format", "drizzle"],
    code: "INVALID_SOURCE",
    names: ["_journal.json"],
  },
  {
    name: "a journal with a broken line",
    files: { "meta/_journal.json": `{\n  "version": "7",\n  "entries": [oops]\n}` },
    code: "INVALID_SOURCE",
    names: ["_journal.json", '"line":3'],
  },
  {
    name: "a file that the journal names and the folder lacks",
    files: { "meta/_journal.json": journal("0000_users", "0001_gone"), "0000_users.sql": "select 1;" },
    code: "INVALID_SOURCE",
    names: ["0001_gone.sql"],
  },
  {
    name: "a duplicate name",
    files: { "0001_users.sql": "select 1;", "0001_users.up.sql": "select 1;", "0001_users.down.sql": "select 1;" },
    code: "INVALID_SOURCE",
    names: ["0001_users"],
  },
  {
    name: "a duplicate name in a journal",
    files: { "meta/_journal.json": journal("0000_users", "0000_users"), "0000_users.sql": "select 1;" },
    code: "INVALID_SOURCE",
    names: ["0000_users"],
  },
  {
    name: "a folder in a file's place",
    files: { "meta/_journal.json": journal("0000_users"), "0000_users.sql": null },
    code: "INVALID_SOURCE",
    names: ["0000_users.sql"],
  },
  {
    name: "a NUL byte",
    files: { ...GOOD, "0002_nul.sql": Buffer.from("select 1;\nselect '\0';") },
    code: "INVALID_SOURCE",
    names: ["0002_nul.sql", '"line":2'],
  },
  { name: "a folder that doesn't exist", argv: ["--dir", "/nowhere"], code: "INVALID_SOURCE", names: ["/nowhere"] },
  {
    name: "a target that doesn't exist",
    argv: ["--to", "0002_not"],
    code: "INVALID_INPUT",
    names: ["0002_not"],
    logged: true,
  },
  { name: "an unknown flag", argv: ["--lock-timout", "5s"], code: "INVALID_INPUT", names: ["--lock-timout"] },
  {
    name: "a duration without a unit",
    argv: ["--lock-timeout", "5"],
    code: "INVALID_INPUT",
    names: ["--lock-timeout"],
  },
];

test.each(cases)("$name: a sentence, an exit code and a report, and no stack trace", async (bad) => {
  await using db = await database();
  await using source = await folder(bad.files ?? GOOD);
  await using out = await folder({});
  const report = join(out.dir, "report.json");
  const url = (bad.url ?? ((good) => good.url))(db);
  const dir = bad.argv?.includes("--dir") ? [] : ["--dir", source.dir];
  const argv = ["migrate", ...dir, ...(bad.argv ?? []), "--report", report, "--report-tag", "tag-7"];
  const ended = await command(argv, url === null ? {} : { DATABASE_URL: url });

  const exitCode = bad.exitCode ?? EXIT.invalidInput;
  expect(ended).toMatchObject({ code: exitCode, stderr: "" });
  const line = lastLine(ended.stdout);
  expect(line).toMatchObject({ level: "error", msg: "run failed", exitCode, error: { code: bad.code } });
  expect(line.hint).toEqual(expect.any(String));
  expect(line.hint).not.toContain("[redacted]");
  for (const name of bad.names) expect(JSON.stringify(line)).toContain(name);
  expectNoTrace(ended);

  const reported = JSON.parse(await readFile(report, "utf8")) as Record<string, unknown>;
  expect(reported).toMatchObject({ outcome: "FAILED", exitCode, tag: "tag-7", error: { code: bad.code } });
  expect(JSON.stringify(reported)).not.toContain(CANARY);
  expect(await db.query("select from pg_class where relname = 'users'")).toEqual([]);
  const schemas = await db.query("select nspname from pg_namespace where nspname in ('lockkeeper', 'drizzle')");
  expect(schemas).toHaveLength(bad.logged === true ? 1 : 0);
});

test("a command that tells something says the same in plain text", async () => {
  const ended = await command(["status", "--dir", "/nowhere"], {
    DATABASE_URL: `postgres://app:${CANARY}@127.0.0.1/x`,
  });
  expect(ended).toMatchObject({ code: EXIT.invalidInput, stdout: "" });
  expect(ended.stderr).toMatch(/^InvalidInput: .*\/nowhere/);
  expect(ended.stderr).toContain("hint:");
  expectNoTrace(ended);
});

test("a credential among the arguments is refused and not repeated", async () => {
  const ended = await command(["migrate", `postgres://app:${CANARY}@127.0.0.1/x`], {});
  expect(ended.code).toBe(EXIT.invalidInput);
  expect(ended.stdout).toContain("DATABASE_URL_FILE");
  expectNoTrace(ended);
});

test("a report that can't be written is a warning", async () => {
  await using db = await database();
  await using source = await folder(GOOD);
  const argv = ["migrate", "--dir", source.dir, "--report", "/nowhere/report.json"];
  const ended = await command(argv, { DATABASE_URL: db.url });
  expect(ended.code).toBe(EXIT.done);
  expect(ended.stdout).toContain('"event":"warning"');
  expect(ended.stdout).toContain("/nowhere/report.json");
  expect(await db.query("select from users")).toEqual([]);
});

function expectNoTrace({ stdout, stderr }: Ended): void {
  const all = stdout + stderr;
  expect(all).not.toMatch(/\bat .*\.[cm]?[jt]s:\d+|node:internal|"stack"/);
  expect(all).not.toContain(CANARY);
}

function withPassword(url: string, password: string): string {
  const changed = new URL(url);
  changed.password = password;
  return changed.href;
}
