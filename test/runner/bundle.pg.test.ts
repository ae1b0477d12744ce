import { execFile } from "node:child_process";
import { access, cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { json, opsPayload, standIn } from "../check/stand-in.ts";
import { database } from "../postgres/database.ts";
import { bundle } from "./bundled.ts";
import type { Bundled } from "./bundled.ts";
import { folder, lastLine, startCommand } from "./cli-process.ts";
import type { Ended } from "./cli-process.ts";
import { DRIZZLE, entry, JOURNAL } from "./faults/folders.ts";
import { history } from "./run.ts";

let bundled: Bundled;
beforeAll(async () => {
  bundled = await bundle();
}, 120_000);
afterAll(async () => await bundled[Symbol.asyncDispose]());

/** Runs the bundled command to its end, from a folder without `node_modules` above it. */
const run = async (argv: string[], url?: string): Promise<Ended> =>
  await runWith(argv, url === undefined ? {} : { DATABASE_URL: url });

const runWith = async (argv: string[], variables: Record<string, string>): Promise<Ended> =>
  await startCommand(argv, variables, bundled.dir, bundled.program).ended;

test("the bundle is all that its command can find: no node_modules lies in it or above it", async () => {
  const files = await readdir(bundled.dir);
  const needed = ["lockkeeper.cjs", "lockkeeper.program.js", "libpg-query.cjs", "libpg-query.wasm", "umzug.cjs"];
  expect(files).toEqual(expect.arrayContaining(needed));
  for (let dir = bundled.dir; ; dir = dirname(dir)) {
    await expect(access(join(dir, "node_modules"))).rejects.toMatchObject({ code: "ENOENT" });
    if (dir === dirname(dir)) break;
  }
});

test("bundled, --help and --version need nothing else", async () => {
  const help = await run(["--help"]);
  expect(help).toMatchObject({ code: EXIT.done, stderr: "" });
  expect(help.stdout).toContain("lockkeeper COMMAND");
  expect(await run(["--version"])).toMatchObject({ code: EXIT.done, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
});

test("bundled, a check asks, as the chart's CronJob does", async () => {
  await using ops = await standIn(json(opsPayload()));
  const { code, stdout } = await runWith(["check", `--url=${ops.origin}`], { DEPLOY_OPS_TOKEN: "a-token-0123456789" });
  expect({ code, first: stdout.split("\n")[0] }).toEqual({
    code: EXIT.done,
    first: expect.stringMatching(/^ok: 0 alerts/),
  });
  expect(ops.asked).toHaveLength(1);
});

/** Whether V8 compiles the program although there is compiled code of it, in a process like the command's. */
async function compilesAnew(...flags: string[]): Promise<unknown> {
  const code = `const { readFileSync } = require("node:fs");
    const program = ${JSON.stringify(join(bundled.dir, "lockkeeper.program.js"))};
    const cachedData = readFileSync(program + ".cache");
    const script = new (require("node:vm").Script)(readFileSync(program, "latin1"), { cachedData });
    console.log(script.cachedDataRejected);`;
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, "-e", code]);
  return JSON.parse(stdout);
}

test("V8 takes the code that was compiled with the bundle, but not under other flags", async () => {
  expect(await compilesAnew()).toBe(false);
  expect(await compilesAnew("--optimize-for-size")).toBe(true);
});

test("two bundles of the same checkout have the same bytes", { timeout: 60_000 }, async () => {
  await using again = await bundle();
  const entries = await readdir(bundled.dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((each) => each.isFile());
  for (const { parentPath, name: file } of files) {
    const name = relative(bundled.dir, join(parentPath, file));
    const [one, other] = await Promise.all([readFile(join(bundled.dir, name)), readFile(join(again.dir, name))]);
    expect(one.equals(other), name).toBe(true);
  }
});

test.each([
  ["without compiled code", async (file: string) => await rm(file)],
  ["with compiled code of something else", async (file: string) => await writeFile(file, "something else")],
])("bundled %s, the command does the same", async (_, change) => {
  await using source = await folder({});
  await cp(bundled.dir, source.dir, { recursive: true });
  await change(join(source.dir, "lockkeeper.program.js.cache"));
  const command = startCommand(["--version"], {}, source.dir, join(source.dir, "lockkeeper.cjs"));
  expect(await command.ended).toMatchObject(await run(["--version"]));
});

test("bundled, a concurrent index, which the parser must tell from others, is made; status --json agrees", async () => {
  await using db = await database();
  await using source = await folder({
    "0001_users.sql": "create table users (id int);",
    "0002_index.sql": "/* not in a transaction */ CREATE INDEX /* ; */ CONCURRENTLY users_id ON users (id);",
  });
  const migrated = await run(["migrate", "--dir", source.dir], db.url);
  expect(migrated).toMatchObject({ code: EXIT.done, stderr: "" });
  expect(lastLine(migrated.stdout)).toMatchObject({ status: "SUCCESS", versionAfter: "0002_index" });
  expect(await db.query("select indisvalid from pg_index where indexrelid = 'users_id'::regclass")).toEqual([
    { indisvalid: true },
  ]);
  const { code, stdout } = await run(["status", "--dir", source.dir, "--json"], db.url);
  expect(code).toBe(EXIT.done);
  expect(JSON.parse(stdout)).toMatchObject({
    version: "0002_index",
    applied: ["0001_users", "0002_index"],
    pending: [],
    runs: [{ status: "SUCCESS" }],
    error: null,
  });
});

test("bundled, modules in TypeScript and JavaScript run", async () => {
  await using db = await database();
  await db.query(JOURNAL);
  await using source = await folder({
    "0001_first.ts": `type Given = { client: { query(sql: string): Promise<unknown> } };
export async function up({ client }: Given): Promise<void> { await client.query("${entry("ts")}"); }`,
    "0002_second.mjs": `export async function up({ client }) { await client.query("${entry("mjs")}"); }`,
  });
  const { code, stderr } = await run(["migrate", "--dir", source.dir], db.url);
  expect({ code, stderr }).toEqual({ code: EXIT.done, stderr: "" });
  expect(await db.query("select name from journal")).toEqual([{ name: "ts" }, { name: "mjs" }]);
  expect(await history(db)).toEqual(["0001_first", "0002_second"]);
});

test.each([
  ["in a transaction", "select 1;\nselect\n  nope;", 3],
  ["statement by statement", "vacuum pg_class;\nselect nope;", 2],
  ["of SQL that isn't any", "select 1;\n\ncreate tabel users ();", 3],
])("bundled, a broken file %s fails with its name and line", async (_, sql, line) => {
  await using db = await database();
  await using source = await folder({ "0001_broken.sql": sql });
  const { code, stdout } = await run(["migrate", "--dir", source.dir], db.url);
  expect(code).toBe(EXIT.failedMigration);
  expect(lastLine(stdout)).toMatchObject({ status: "FAILED" });
  expect(stdout).toContain(`${join(source.dir, "0001_broken.sql")}:${line}`);
});

test("bundled, a drizzle folder is applied into drizzle's history, and is nothing to do the second time", async () => {
  await using db = await database();
  await db.query(JOURNAL);
  await using source = await folder(DRIZZLE.files);
  const first = await run(["migrate", "--dir", source.dir], db.url);
  expect(first).toMatchObject({ code: EXIT.done, stderr: "" });
  expect(await db.query(DRIZZLE.history)).toEqual(DRIZZLE.names.map((name) => ({ name })));
  const again = await run(["migrate", "--dir", source.dir, "--json"], db.url);
  expect(JSON.parse(again.stdout)).toMatchObject({ status: "SKIPPED", appliedTotal: 3 });
  expect(await db.query("select name from journal order by name")).toEqual(DRIZZLE.journal.map((name) => ({ name })));
});
