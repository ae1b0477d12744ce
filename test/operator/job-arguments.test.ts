/** Operator and runner know each other by the command line only: what one writes the other has to read. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseArguments } from "../../job/cli/parse.ts";
import { valuesOf } from "../../job/cli/invocation.ts";
import { readSettings } from "../../job/cli/settings.ts";
import { readEnvironment } from "../../job/environment.ts";
import type { RunSettings } from "../../job/settings.ts";
import { BY_HAND, byHandJob } from "../../operator/job/by-hand.ts";
import { jobSpec } from "../../operator/job/job-spec.ts";
import { order, PARTS, RUNNER } from "../../operator/job/order-fixture.ts";
import { tagOf } from "../../operator/job/order.ts";

const folder = mkdtempSync(join(tmpdir(), "lockkeeper-arguments-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const CA = join(folder, "ca.crt");
writeFileSync(CA, "-----BEGIN CERTIFICATE-----");

const SECRETS: Record<string, string> = { DATABASE_URL: "postgres://a:b@c/d", PGUSER: "app", PGPASSWORD: "p@ss/word" };

/** As the kubelet does it where a value holds no variable. */
const expanded = (text: string): string => text.replaceAll("$$", "$");

type Read = { settings: RunSettings; tag: string | undefined; command: string | null };

/** What the runner understands in the container that the operator orders. */
function read(changes: Parameters<typeof order>[0]): Read {
  const [container] = jobSpec(order(changes), RUNNER).spec.template.spec.containers;
  const argv = container?.args.map((argument) => expanded(argument).replace("/etc/lockkeeper/ca/ca.crt", CA)) ?? [];
  const { arguments: args, failure } = parseArguments(argv);
  if (failure !== null) throw failure;
  const variables = Object.fromEntries(
    container?.env.map((one) => [one.name, "value" in one ? expanded(one.value) : (SECRETS[one.name] ?? "")]) ?? [],
  );
  const settings = readSettings(valuesOf(args), readEnvironment(variables), { runner: "cli", runId: "" });
  return { settings, tag: args.values["report-tag"], command: args.command };
}

test("the runner reads every setting of a resource as it was meant", () => {
  const caFrom = { secretKeyRef: { name: "db-ca", key: "ca.crt" } };
  const changes = {
    spec: {
      database: { ...PARTS, name: "sh$op", caFrom },
      source: { image: { ref: "a" }, path: "/m", format: "Sql" },
      lock: { wait: "1m", timeout: "2s", retries: 3 },
      timeouts: { statement: "4s", run: "5m" },
      apply: { allowDrift: true, allowOutOfOrder: true, baseline: "-$(PGPASSWORD)=$$" },
      runLog: { table: "ops.ru$ns", retention: "6d", enabled: false },
      history: { format: "Lockkeeper", table: "ops.history" },
    },
  };
  const { settings, tag, command } = read(changes);
  expect(command).toBe("migrate");
  expect(tag).toBe(tagOf(order(changes)));
  expect(settings).toMatchObject({
    connection: { url: "postgres://app:p%40ss%2Fword@db.example:6432/sh$op?uselibpqcompat=true&sslmode=require" },
    source: { dir: "/source/m", format: "sql", to: null },
    lock: { waitMs: 60_000, timeoutMs: 2_000, retries: 3 },
    statementTimeoutMs: 4_000,
    runTimeoutMs: 300_000,
    allowDrift: true,
    allowOutOfOrder: true,
    baseline: "-$(PGPASSWORD)=$$",
    history: { format: "lockkeeper", table: { schema: "ops", table: "history" } },
    runLog: { enabled: false, table: { schema: "ops", table: "ru$ns" }, retentionMs: 6 * 86_400_000 },
    run: { id: order().runId, runner: "kubernetes-job", source: "ghcr.io/acme/web:1.4.2" },
  });
  expect(settings.connection.ca).toContain("CERTIFICATE");
});

test("a resource that says next to nothing means what the runner's own defaults are", () => {
  const { settings } = read({});
  const { arguments: bare } = parseArguments(["migrate", "--dir", "/source/app/drizzle"]);
  const defaults = readSettings(valuesOf(bare), readEnvironment(SECRETS), { runner: "cli", runId: order().runId });
  const table = { schema: "lockkeeper", table: "migration_run_log" };
  expect(settings).toEqual({
    ...defaults,
    runLog: { ...defaults.runLog, table },
    run: { ...defaults.run, runner: "kubernetes-job", source: "ghcr.io/acme/web:1.4.2" },
  });
});

test("a check is a status that the runner takes", () => {
  expect(read({ command: "status" })).toMatchObject({ command: "status" });
});

test.each(BY_HAND)("%s by hand is a command that the runner takes, whatever the resource says", (command) => {
  const spec = {
    database: { ...PARTS, caFrom: { secretKeyRef: { name: "db-ca", key: "ca.crt" } } },
    apply: { allowDrift: true, allowOutOfOrder: true },
    history: { format: "Lockkeeper", table: "ops.history" },
  };
  const given = { plan: ["--to=$(A)"], status: ["--json"], down: ["--to=0", "--yes"], unlock: ["--yes"], baseline: [] };
  const operand = command === "baseline" ? "0007_$(B)" : null;
  const [container] = byHandJob(order({ spec }), { command, operand, given: given[command] }, RUNNER).spec.template.spec
    .containers;
  const { arguments: args, failure } = parseArguments(container?.args.map(expanded) ?? []);
  expect(failure).toBeNull();
  expect(args).toMatchObject({ command, operand });
  if (command === "plan") expect(args.values.to).toBe("$(A)");
  if (command !== "unlock")
    expect(args.values).toMatchObject({ dir: "/source/app/drizzle", "history-table": "ops.history" });
});
