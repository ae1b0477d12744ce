/** The compose example: its script with a docker that only records, and its .env with every knob that there is. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEPLOYED_VARIABLES } from "../../build/deployed-variables.ts";
import { CHECK_VARIABLES } from "../../job/check/variables.ts";
import { VARIABLES } from "../../job/environment.ts";
import type { Variable } from "../../job/environment.ts";
import { OPS_VARIABLES } from "../../job/ops/environment.ts";
import { standInPrograms } from "./stand-in-programs.ts";

const example = fileURLToPath(new URL("../../examples/compose", import.meta.url));
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "lockkeeper-compose-"))));
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** Runs restart.sh from elsewhere, and tells how it called docker. */
async function restart(docker: string, env: Record<string, string> = {}) {
  const own = await mkdtemp(join(folder, "stack-"));
  await cp(example, own, { recursive: true });
  const programs = await standInPrograms(own, { docker: `[ "$PWD" = '${own}' ] || exit 99\n${docker}` });
  const child = spawn(join(own, "restart.sh"), { cwd: "/", env: { PATH: programs.path, ...env }, stdio: "ignore" });
  const [code] = (await once(child, "close")) as [number];
  return { code, calls: (await programs.calls()).map((call) => call.replace("docker compose ", "")) };
}

const ORDER = [
  "build migrate web",
  "up --detach --wait db",
  "run --rm --no-deps migrate",
  "up --detach --no-deps --wait web",
];

test("a restart brings up the database, migrates, and then switches the web", async () => {
  expect(await restart("")).toEqual({ code: 0, calls: ORDER });
  expect((await restart("", { PULL: "1" })).calls).toEqual(["pull migrate web", ...ORDER.slice(1)]);
});

test.each([
  ["building", "build", 1, 1],
  ["the database", "up --detach --wait db", 1, 2],
  ["a migration", "run ", 11, 3],
])("where %s fails, the web that runs is left alone, and the exit code is told", async (_, part, code, calls) => {
  const failing = `if [[ $CALLED == *"compose ${part}"* ]]; then exit ${code}; fi\n`;
  expect(await restart(failing)).toEqual({ code, calls: ORDER.slice(0, calls) });
});

/** `NAME=value`, commented out or not. */
async function knobs(): Promise<Map<string, string>> {
  const text = await readFile(join(example, ".env.example"), "utf8");
  const found = [...text.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$/gm)];
  const names = found.map(([, name = ""]) => name);
  expect(new Set(names).size, "each is there once").toBe(names.length);
  return new Map(found.map(([, name = "", value = ""]) => [name, value]));
}

const ALL: readonly Variable[] = [...VARIABLES, ...CHECK_VARIABLES, ...OPS_VARIABLES, ...DEPLOYED_VARIABLES];
/** What the design calls a knob, so that none gets lost with its table. */
const DESIGN = [
  "DATABASE_URL",
  "DATABASE_URL_FILE",
  "DB_MIGRATE_ENABLED",
  "MIGRATE_DB_MIGRATE_ENABLED",
  "WEB_DB_MIGRATE_ENABLED",
  "DB_MIGRATE_RUNNER",
  "MIGRATE_DB_MIGRATE_RUNNER",
  "WEB_DB_MIGRATE_RUNNER",
  "DB_MIGRATE_TELEMETRY_ENABLED",
  "OPS_MIGRATION_TOKEN",
  "OPS_MIGRATION_TOKEN_FILE",
  "DEPLOY_OPS_URL",
  "DEPLOY_OPS_TOKEN",
  "DEPLOY_MIGRATION_ALERT_LOOKBACK_MINUTES",
  "DEPLOY_MIGRATION_ALERT_STRICT",
];

test("every variable of docs/cli.md is in .env.example, with its default", async () => {
  const known = await knobs();
  expect(ALL.map(({ name }) => name)).toEqual(expect.arrayContaining(DESIGN));
  const page = await readFile(new URL("../../docs/cli.md", import.meta.url), "utf8");
  for (const { name, default: otherwise } of ALL) {
    expect(page).toContain(`\`${name}\``);
    // A default in words, such as "the user's", is none to be written.
    expect({ name, value: known.get(name) }).toEqual({ name, value: /^[\w-]*$/.test(otherwise) ? otherwise : "" });
  }
});

test("what compose.yaml asks for is in .env.example, with the same default, and nothing there is unknown", async () => {
  const known = await knobs();
  const compose = await readFile(join(example, "compose.yaml"), "utf8");
  // A default that is made of other variables is none to be written.
  const defaults = [...compose.matchAll(/\$\{([A-Z_]+)(?::-([^}$]*)(\$)?)?/g)];
  const asked = new Map(defaults.map(([, name = "", value = "", made]) => [name, made === undefined ? value : ""]));
  expect(asked.size).toBeGreaterThan(8);
  for (const [name, value] of asked) expect({ name, value: known.get(name) }).toEqual({ name, value });
  const documented = new Set([...ALL.map(({ name }) => name), ...asked.keys()]);
  expect([...known.keys()].filter((name) => !documented.has(name))).toEqual([]);
});
