import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readEnvironment } from "../environment.ts";
import type { Failure } from "../failure.ts";
import type { RunSettings } from "../settings.ts";
import { valuesOf } from "./invocation.ts";
import { parseArguments } from "./parse.ts";
import { readSettings } from "./settings.ts";

const folder = mkdtempSync(join(tmpdir(), "lockkeeper-settings-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const URL_SET = { DATABASE_URL: "postgres://app:canary@db:5432/shop" };
const RUN_ID = "0193a0b0-0000-7000-8000-000000000000";

function settings(argv: string[], variables: Record<string, string> = URL_SET): RunSettings {
  const { arguments: args, failure } = parseArguments(["migrate", ...argv]);
  if (failure !== null) throw failure;
  return readSettings(valuesOf(args), readEnvironment(variables), { runner: "cli", runId: RUN_ID });
}

function refused(argv: string[], variables: Record<string, string> = URL_SET): Failure {
  try {
    settings(argv, variables);
  } catch (error) {
    return error as Failure;
  }
  throw new Error("nothing was refused");
}

test("the defaults are those of the design", () => {
  expect(settings(["--dir", "drizzle"])).toMatchObject({
    connection: { url: URL_SET.DATABASE_URL, ca: null, connectWaitMs: 15_000, checkPooler: true },
    source: { dir: "drizzle", format: "auto", to: null },
    lock: { waitMs: 600_000, timeoutMs: 5_000, retries: 8 },
    statementTimeoutMs: 0,
    runTimeoutMs: 1_800_000,
    allowDrift: false,
    allowOutOfOrder: false,
    baseline: null,
    history: { format: "auto", table: null },
    runLog: { enabled: true, table: null, retentionMs: 90 * 86_400_000 },
    run: { id: RUN_ID, runner: "cli", source: "drizzle" },
    batch: { maxFiles: 64 },
  });
});

test("each flag sets what it names", () => {
  const given =
    "--dir d --format sql --to 7 --connect-wait 1s --lock-wait 2s --lock-timeout 3s --lock-retries 4 --statement-timeout 5s " +
    "--run-timeout 6s --batch 1 --allow-drift --allow-out-of-order --baseline 0 --history-format lockkeeper --history-table a.B " +
    `--run-log-table public.migration_run_log --run-log-retention 400d --runner helm-hook --source app:1 --run-id ${RUN_ID.replace("b", "C")}`;
  expect(settings(given.split(" "))).toMatchObject({
    connection: { connectWaitMs: 1_000 },
    source: { dir: "d", format: "sql", to: "7" },
    lock: { waitMs: 2_000, timeoutMs: 3_000, retries: 4 },
    statementTimeoutMs: 5_000,
    runTimeoutMs: 6_000,
    allowDrift: true,
    allowOutOfOrder: true,
    baseline: "0",
    history: { format: "lockkeeper", table: { schema: "a", table: "b" } },
    runLog: { table: { schema: "public", table: "migration_run_log" }, retentionMs: 400 * 86_400_000 },
    run: { id: RUN_ID.replace("b", "c"), runner: "helm-hook", source: "app:1" },
    batch: { maxFiles: 1 },
  });
});

test("the runner comes from its flag, else its variable", () => {
  const variables = { ...URL_SET, DB_MIGRATE_RUNNER: "kubernetes-job" };
  expect(settings(["--dir", "d"], variables).run.runner).toBe("kubernetes-job");
  expect(settings(["--dir", "d", "--runner", "helm-hook"], variables).run.runner).toBe("helm-hook");
});

test("the run log is off with DB_MIGRATE_TELEMETRY_ENABLED=0", () => {
  expect(settings(["--dir", "d"], { ...URL_SET, DB_MIGRATE_TELEMETRY_ENABLED: "0" }).runLog.enabled).toBe(false);
});

test("the URL comes from the flag's file, else DATABASE_URL, else DATABASE_URL_FILE, trimmed", () => {
  const flag = file("flag", "postgres://flag/x\n");
  const variable = file("variable", "  postgres://variable/x \r\n");
  const both = { ...URL_SET, DATABASE_URL_FILE: variable };
  expect(settings(["--dir", "d", "--database-url-file", flag], both).connection.url).toBe("postgres://flag/x");
  expect(settings(["--dir", "d"], both).connection.url).toBe(URL_SET.DATABASE_URL);
  expect(settings(["--dir", "d"], { DATABASE_URL_FILE: variable }).connection.url).toBe("postgres://variable/x");
});

test.each([
  "postgres://app@db/shop?sslmode=verify-full",
  "postgresql://app@[::1]:5432/shop",
  "postgres://app@%2Fvar%2Frun%2Fpostgresql/shop",
  "postgres:///shop?host=/var/run/postgresql",
])("%s is a URL that can be used", (url) => {
  expect(settings(["--dir", "d"], { DATABASE_URL: url }).connection.url).toBe(url);
});

test.each([
  "canary",
  "mysql://app:canary@db/shop",
  "postgres://app:canary#@db/shop",
  "postgres://app:canary@db:port/shop",
  "host=db password=canary",
  "postgres:///shop?password=canary",
])("%s can't be used, and no part of it is told", (url) => {
  const failure = refused(["--dir", "d"], { DATABASE_URL: url });
  expect(failure).toMatchObject({ exitCode: 13, code: "INVALID_INPUT" });
  expect(failure.message).toContain("DATABASE_URL");
  expect(JSON.stringify([failure.message, failure.details, failure.stack, failure.cause])).not.toContain("canary");
});

test.each<[string, string[], string]>([
  ["a number without a unit", ["--lock-timeout", "5"], '--lock-timeout: "5" is not a duration'],
  ["a lock timeout without end", ["--lock-timeout", "0"], "--lock-timeout can't be 0"],
  ["a time longer than a timer", ["--run-timeout", "30d"], "--run-timeout: 30d is too long"],
  ["half a retry", ["--lock-retries", "1.5"], '--lock-retries: "1.5" is not a whole number from 0 to 1000'],
  ["an empty batch", ["--batch", "0"], '--batch: "0" is not a whole number from 1 to 1000'],
  ["an unknown format", ["--format", "knex"], '--format: "knex" is none of auto, drizzle, sql, module'],
  ["an unknown history", ["--history-format", "x"], '--history-format: "x" is none of auto, lockkeeper, drizzle'],
  ["a table without a schema", ["--history-table", "x"], '--history-table: "x" is not a table in a schema'],
  ["a run id that is none", ["--run-id", "7"], '--run-id: "7" is not a UUID'],
  ["a runner of two words", ["--runner", "a b"], "--runner is not a runner's name"],
  ["a file that isn't there", ["--database-url-file", "/nowhere/url"], "/nowhere/url can't be read (ENOENT)"],
  ["a folder as a file", ["--database-url-file", tmpdir()], "can't be read (EISDIR)"],
  ["a CA file without a certificate", ["--ca-file", file("ca", "x")], "holds no certificate"],
])("%s is refused by its name", (_name, argv, message) => {
  expect(refused(["--dir", "d", ...argv])).toMatchObject({ exitCode: 13, message: expect.stringContaining(message) });
});

test("an empty URL file is refused by its name", () => {
  const path = file("empty", "\n");
  expect(refused(["--dir", "d"], { DATABASE_URL_FILE: path }).message).toBe(`DATABASE_URL_FILE: ${path} is empty`);
});

test("without a URL the variables are named", () => {
  expect(refused(["--dir", "d"], {})).toMatchObject({ message: "no database is named: DATABASE_URL isn't set" });
});

test("without --dir the folder is ./drizzle or ./migrations, and never a guess between the two", () => {
  const before = process.cwd();
  process.chdir(folder);
  try {
    expect(refused([]).message).toContain("there is no ./drizzle or ./migrations here");
    mkdirSync(join(folder, "migrations"));
    expect(settings([]).source.dir).toBe("migrations");
    mkdirSync(join(folder, "drizzle"));
    expect(refused([]).message).toContain("there are both");
  } finally {
    process.chdir(before);
  }
});
