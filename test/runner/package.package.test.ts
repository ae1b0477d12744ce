import { randomUUID } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { database } from "../postgres/database.ts";
import { answering, checkout, run, start, succeed } from "./package-process.ts";
import { installTarball } from "./package-tarball.ts";

const migrations = join(checkout, "examples/workoutlog/releases/1/drizzle");
const runLog = "public.migration_run_log";
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lockkeeper-consumer-"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  await installTarball(folder, inject("tarball"));
  await cp(fileURLToPath(new URL("package-consumer", import.meta.url)), folder, { recursive: true });
});

afterAll(() => rm(folder, { recursive: true }));

test("the package is built JavaScript with types: no sources, no tests, no path of the machine that built it", async () => {
  const root = join(folder, "node_modules/lockkeeper");
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const names = files.map((file) => file.slice(root.length + 1));
  expect(names).toEqual(expect.arrayContaining(["package.json", "README.md", "LICENSE"]));
  expect(names.filter((name) => /(?<!\.d)\.[cm]?ts$|\.test\.|^(test|examples|docs)\//.test(name))).toEqual([]);
  const withPath = [];
  for (const file of files) if ((await readFile(file, "utf8")).includes(checkout)) withPath.push(file);
  expect(withPath).toEqual([]);
});

test("the widget is one file, which a server that renders pages can import too", async () => {
  const print = 'import("lockkeeper/widget").then((widget) => console.log(Object.keys(widget).join()))';
  const { code, stdout, output } = await run("node", ["--input-type=module", "--eval", print], { cwd: folder });
  expect([code, stdout.trim()], output).toEqual([0, "LockkeeperMigrations"]);
  const names = await readdir(join(folder, "node_modules/lockkeeper/dist/widget"));
  expect(names.filter((name) => name.endsWith(".js"))).toEqual(["lockkeeper-migrations.js"]);
});

test("the command tells how it is used", async () => {
  const help = await run("npx", ["--no-install", "lockkeeper", "--help"], { cwd: folder });
  expect(help.code).toBe(0);
  expect(help.stdout).toContain("lockkeeper migrate");
});

test("the command migrates an empty database, and the second time has nothing to do", async () => {
  await using db = await database();
  const migrate = () =>
    run("npx", ["--no-install", "lockkeeper", "migrate", "--dir", migrations, "--run-log-table", runLog], {
      cwd: folder,
      env: { DATABASE_URL: db.url },
    });
  const first = await migrate();
  expect(first.code, first.output).toBe(0);
  const second = await migrate();
  expect(second.code, second.output).toBe(0);
  expect(await db.query("select from drizzle.__drizzle_migrations")).toHaveLength(11);
  const rows = await db.query(`select runner, status, version_after from ${runLog} order by started_at`);
  const row = { runner: "cli", version_after: "0010_solid_watchtower" };
  expect(rows).toEqual([
    { ...row, status: "SUCCESS" },
    { ...row, status: "SKIPPED" },
  ]);
});

test("a wrong folder ends the command with exit code 13 and no stack trace", async () => {
  await using db = await database();
  const options = { cwd: folder, env: { DATABASE_URL: db.url } };
  const failed = await run("npx", ["--no-install", "lockkeeper", "migrate", "--dir", "nowhere"], options);
  expect(failed.code).toBe(13);
  expect(failed.output).toContain("nowhere");
  expect(failed.output).not.toMatch(/^\s+at /m);
});

test("the library migrates, and resolves with what the run came to", async () => {
  await using db = await database();
  const options = { cwd: folder, env: { DATABASE_URL: db.url } };
  const first = await succeed("node", ["migrate.mjs", migrations, runLog], options);
  expect(lastLine(first.stdout)).toEqual({ status: "SUCCESS", applied: 11, versionAfter: "0010_solid_watchtower" });
  const second = await succeed("node", ["migrate.mjs", migrations, runLog], options);
  expect(lastLine(second.stdout)).toEqual({ status: "SKIPPED", applied: 0, versionAfter: "0010_solid_watchtower" });
});

test("the library does nothing where migrating is disabled", async () => {
  await using db = await database();
  const options = { cwd: folder, env: { DATABASE_URL: db.url, DB_MIGRATE_ENABLED: "0" } };
  const done = await succeed("node", ["migrate.mjs", migrations, runLog], options);
  expect(lastLine(done.stdout)).toMatchObject({ status: "SKIPPED", applied: 0 });
  expect(await db.query("select from pg_tables where schemaname in ('public', 'drizzle', 'lockkeeper')")).toEqual([]);
});

test("the library rejects with the error's code, and without the password, when a migration fails", async () => {
  await using db = await database();
  await db.query("create table users ()");
  const options = { cwd: folder, env: { DATABASE_URL: db.url } };
  const failed = await run("node", ["migrate.mjs", migrations, runLog], options);
  expect(failed.code).toBe(1);
  expect(lastLine(failed.stdout)).toMatchObject({ isError: true, code: "42P07" });
  expect(failed.output).not.toContain(new URL(db.url).password);
});

test("a TypeScript program type-checks against it, with libraries checked too, and wrong options don't", async () => {
  await cp(join(folder, "consumer.ts.txt"), join(folder, "consumer.ts"));
  const compilerOptions = {
    target: "ES2024",
    lib: ["ES2024", "DOM"],
    module: "nodenext",
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  const checked = await run("tsc", ["-p", "."], { cwd: folder });
  expect(checked.output).toBe("");
  expect(checked.code).toBe(0);
});

test("Node's own HTTP server mounts the ops payload", async () => {
  await using db = await database();
  const [token, otherToken] = [randomUUID(), randomUUID()];
  const env = { DATABASE_URL: db.url, OPS_MIGRATION_TOKEN: token };
  await succeed("node", ["migrate.mjs", migrations, runLog], { cwd: folder, env });
  await using server = start("node", ["http-server.mjs", migrations, runLog], { cwd: folder, env });
  const url = await listening(server);
  const get = (given: string) => fetch(url, { headers: { authorization: `Bearer ${given}` } });
  expect((await get(otherToken)).status).toBe(401);
  const answer = await get(token);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    status: "ok",
    alerts: [],
    migrations: [{ name: db.name, version: "0010_solid_watchtower", pendingCount: 0 }],
  });
});

async function listening(server: ReturnType<typeof start>): Promise<string> {
  const port = await new Promise<string>((resolve, reject) => {
    const look = setInterval(() => {
      const found = /listening on (\d+)/.exec(server.stdout())?.[1];
      if (found !== undefined) resolve(found);
    }, 20);
    void server.exit.then(() => reject(new Error(`the server ended:\n${server.output()}`)), reject);
    void server.exit.finally(() => clearInterval(look)).catch(() => {});
  });
  const url = `http://127.0.0.1:${port}/api/ops/migrations`;
  await answering(server, url);
  return url;
}

function lastLine(stdout: string): unknown {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}
