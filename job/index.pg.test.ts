import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { database } from "../test/postgres/database.ts";
import { Failure, migrate } from "./index.ts";
import type { FailedRun, MigrateOptions, RunEvent } from "./index.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "lockkeeper-index-"));
  await writeFile(join(dir, "0001_users.sql"), "create table users (id int);");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

async function failed(options: MigrateOptions): Promise<FailedRun> {
  return await migrate(options).then(
    () => Promise.reject(new Error("it didn't fail")),
    (error: unknown) => error as FailedRun,
  );
}

test("a web process migrates at its start, as the runner web-startup, and hears of each event", async () => {
  await using db = await database();
  const events: RunEvent["type"][] = [];
  const listeners = process.listenerCount("SIGTERM");
  const result = await migrate({
    dir,
    databaseUrl: db.url,
    lockTimeout: "2s",
    onEvent: ({ type }) => events.push(type),
  });
  expect(result).toMatchObject({ status: "SUCCESS", exitCode: 0, applied: ["0001_users"], versionAfter: "0001_users" });
  expect(events).toContain("migrated");
  expect(await db.query("select runner, source from lockkeeper.migration_run_log")).toEqual([
    { runner: "web-startup", source: dir },
  ]);
  expect(process.listenerCount("SIGTERM")).toBe(listeners);
  expect(await migrate({ dir, databaseUrl: db.url })).toMatchObject({
    status: "SKIPPED",
    disabled: false,
    applied: [],
  });
});

test("the environment counts, and options win over it", async () => {
  await using db = await database();
  vi.stubEnv("DATABASE_URL", db.url);
  vi.stubEnv("DB_MIGRATE_RUNNER", "compose-migrate-job");
  await migrate({ dir });
  await migrate({ dir, runner: "mine", source: "app:2" });
  expect(await db.query("select runner, source from lockkeeper.migration_run_log order by started_at")).toEqual([
    { runner: "compose-migrate-job", source: dir },
    { runner: "mine", source: "app:2" },
  ]);
});

test("DB_MIGRATE_ENABLED=0 resolves to SKIPPED without a database", async () => {
  vi.stubEnv("DB_MIGRATE_ENABLED", "0");
  expect(await migrate({ dir: "/nowhere" })).toMatchObject({ status: "SKIPPED", disabled: true, exitCode: 0 });
});

test("a failed migration rejects with a Failure that carries the run's result", async () => {
  await using db = await database();
  await writeFile(join(dir, "0002_bad.sql"), "select nope;");
  const error = await failed({ dir, databaseUrl: db.url });
  expect(error).toBeInstanceOf(Failure);
  expect(error).toMatchObject({
    code: "42703",
    exitCode: 11,
    result: { status: "FAILED", applied: ["0001_users"], pending: ["0002_bad"], error: { migration: "0002_bad" } },
  });
});

test.each<[MigrateOptions, string]>([
  [{ dir: "/nowhere", databaseUrl: "postgres://a@127.0.0.1/b" }, "/nowhere"],
  [{ dir: ".", databaseUrl: "canary" }, "databaseUrl"],
  [{ dir: ".", databaseUrl: "postgres://a@127.0.0.1/b", lockTimeout: "5" }, "lockTimeout"],
  [{ dir: ".", databaseUrl: "postgres://a@127.0.0.1/b", lockTimout: "5s" } as MigrateOptions, "lockTimout"],
  [{ dir: ".", databaseUrl: "postgres://a@127.0.0.1/b", lockRetries: -1 }, "lockRetries"],
])("options that can't be used reject with what they are: %j", async (options, name) => {
  const error = await failed(options);
  expect(error).toMatchObject({ exitCode: 13, result: { status: "FAILED", exitCode: 13, disabled: false } });
  expect(error.message).toContain(name);
  expect(error.message).not.toContain("canary");
});

test("the signal stops it", async () => {
  await using db = await database();
  const error = await failed({ dir, databaseUrl: db.url, signal: AbortSignal.abort("shutdown") });
  expect(error).toMatchObject({ code: "CANCELLED", exitCode: 15, result: { applied: [] } });
});

test("what it rejects with, and what it tells on the way, is without the connection's password", async () => {
  await using db = await database();
  const password = "canary/p@ss word";
  const role = await db.role("app", { password, grants: [`create on database ${db.name}`, "create on schema public"] });
  await writeFile(
    join(dir, "0002_tells.sql"),
    `do $$ begin raise exception 'it is ${password}' using detail = '${password}', hint = '${password}'; end $$;`,
  );
  const told: string[] = [];
  const error = await failed({
    dir,
    databaseUrl: role.url,
    onEvent: (event) => told.push(inspect(event, { depth: null })),
  });
  expect(error.message).toContain("it is [redacted]");
  expect(error.details.detail).toBe("[redacted]");
  expect(error.stack).toContain("[redacted]");
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain("canary");
  expect(told.join("\n")).not.toContain("canary");
});

test("a URL from a file is kept out of errors as well", async () => {
  await using db = await database();
  const { url } = await db.role("app", { password: "canary-of-a-file" });
  const file = join(dir, "url");
  await writeFile(file, url);
  await writeFile(join(dir, "0001_users.sql"), "do $$ begin raise exception 'canary-of-a-file'; end $$;");
  const error = await failed({ dir, databaseUrlFile: file, format: "sql" });
  expect(error).toBeInstanceOf(Failure);
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain("canary-of-a-file");
});
