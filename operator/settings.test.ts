import { expect, test } from "vitest";
import { helpText } from "./help.ts";
import type { Misconfigured } from "./misconfigured.ts";
import { readSettings } from "./settings.ts";
import type { Settings } from "./settings.ts";
import { VARIABLES, flagOf } from "./settings-table.ts";

const NEEDED = { LOCKKEEPER_RUNNER_IMAGE: "ghcr.io/acme/lockkeeper:1", POD_NAMESPACE: "lockkeeper" };

function settings(argv: string[] = [], variables: Record<string, string> = NEEDED): Settings {
  const asked = readSettings(argv, variables);
  if (asked.kind !== "run") throw new Error("it was not asked to run");
  return asked.settings;
}

function refused(argv: string[], variables: Record<string, string>): Misconfigured {
  try {
    readSettings(argv, variables);
  } catch (error) {
    return error as Misconfigured;
  }
  throw new Error("nothing was refused");
}

test("with what is needed alone the rest has defaults", () => {
  expect(settings()).toEqual({
    namespaces: null,
    runner: { image: "ghcr.io/acme/lockkeeper:1", pullPolicy: "IfNotPresent" },
    lease: { namespace: "lockkeeper", name: "lockkeeper-operator", identity: expect.stringContaining("_") },
    concurrency: 16,
    healthPort: 8_081,
    ops: { port: 8_080, tokenFile: null },
    logLevel: "info",
    kubeconfig: null,
    inCluster: false,
  });
});

const ALL = {
  LOCKKEEPER_NAMESPACES: "shop, web,shop,",
  LOCKKEEPER_RUNNER_IMAGE: "localhost/lockkeeper@sha256:abc",
  LOCKKEEPER_RUNNER_PULL_POLICY: "Never",
  POD_NAMESPACE: "ops",
  POD_NAME: "lockkeeper-5d9-x",
  LOCKKEEPER_LEASE_NAME: "other",
  LOCKKEEPER_CONCURRENCY: "4",
  LOCKKEEPER_HEALTH_PORT: "0",
  LOCKKEEPER_OPS_PORT: "0",
  LOCKKEEPER_OPS_TOKEN_FILE: "/etc/lockkeeper/ops/token",
  LOCKKEEPER_LOG_LEVEL: "debug",
  KUBECONFIG: "/tmp/config",
};

test("each variable sets what it names, and each flag does the same", () => {
  const wanted = {
    namespaces: ["shop", "web"],
    runner: { image: "localhost/lockkeeper@sha256:abc", pullPolicy: "Never" },
    lease: { namespace: "ops", name: "other", identity: "lockkeeper-5d9-x" },
    concurrency: 4,
    healthPort: 0,
    ops: { port: 0, tokenFile: "/etc/lockkeeper/ops/token" },
    logLevel: "debug",
    kubeconfig: "/tmp/config",
    inCluster: false,
  };
  const flags = VARIABLES.flatMap(({ name }) => [`--${flagOf(name)}`, ALL[name]]);
  expect(settings([], ALL)).toEqual(wanted);
  expect(settings(flags, {})).toEqual(wanted);
});

test("a pod is known by the kubelet's variables", () => {
  expect(settings([], { ...NEEDED, KUBERNETES_SERVICE_HOST: "10.96.0.1" }).inCluster).toBe(true);
});

test("a flag wins over its variable", () => {
  expect(settings(["--concurrency=2"], { ...NEEDED, LOCKKEEPER_CONCURRENCY: "4" }).concurrency).toBe(2);
});

test("an empty variable is the same as an unset one", () => {
  const empty = Object.fromEntries(VARIABLES.map(({ name }) => [name, " "]));
  expect(settings([], { ...empty, ...NEEDED })).toMatchObject({ namespaces: null, concurrency: 16, kubeconfig: null });
});

test("two processes without a pod's name are never taken for one", () => {
  expect(settings().lease.identity).not.toBe(settings().lease.identity);
});

test("all that is missing is told at once", () => {
  expect(refused([], {})).toMatchObject({
    message: "LOCKKEEPER_RUNNER_IMAGE isn't set. POD_NAMESPACE isn't set.",
    hint: "See --help.",
  });
});

test.each([
  ["LOCKKEEPER_NAMESPACES", "shop,Web", 'LOCKKEEPER_NAMESPACES: "shop,Web" is not a list of namespaces'],
  ["LOCKKEEPER_RUNNER_IMAGE", "--a b", "is not an image's reference"],
  ["LOCKKEEPER_RUNNER_PULL_POLICY", "never", '"never" is none of Always, IfNotPresent, Never'],
  ["POD_NAMESPACE", "../x", '"../x" is not a namespace\'s name'],
  ["POD_NAME", "a_b", '"a_b" is not a pod\'s name'],
  ["LOCKKEEPER_LEASE_NAME", "a/b", "is not an object's name"],
  ["LOCKKEEPER_CONCURRENCY", "0", '"0" is not from 1 to 256'],
  ["LOCKKEEPER_CONCURRENCY", "1e3", '"1e3" is not a whole number'],
  ["LOCKKEEPER_HEALTH_PORT", "65536", '"65536" is not from 0 to 65535'],
  ["LOCKKEEPER_LOG_LEVEL", "loud", '"loud" is none of debug, info, warn, error'],
])("%s=%s is refused by its name", (name, value, message) => {
  const { message: told } = refused([], { ...NEEDED, [name]: value });
  expect(told).toContain(message);
  expect(told).toContain(name);
});

test("a flag that can't be used is refused by the flag's name", () => {
  expect(refused(["--health-port", "x"], NEEDED).message).toBe('--health-port: "x" is not a whole number.');
  expect(refused(["--nonsense"], NEEDED).message).toContain("'--nonsense'");
  expect(refused(["--concurrency"], NEEDED).message).toContain("--concurrency");
  expect(refused(["stray"], NEEDED).message).toContain("stray");
});

test("help and version need no settings", () => {
  expect(readSettings(["--help"], {})).toEqual({ kind: "help" });
  expect(readSettings(["-h"], {})).toEqual({ kind: "help" });
  expect(readSettings(["--version"], {})).toEqual({ kind: "version" });
});

test("the help names each variable with its flag and default, and what the settings default to is what it says", () => {
  const text = helpText();
  const { concurrency, healthPort, logLevel, lease, ops, runner } = settings();
  const told: Record<string, string> = {
    LOCKKEEPER_CONCURRENCY: String(concurrency),
    LOCKKEEPER_HEALTH_PORT: String(healthPort),
    LOCKKEEPER_OPS_PORT: String(ops.port),
    LOCKKEEPER_LOG_LEVEL: logLevel,
    LOCKKEEPER_LEASE_NAME: lease.name,
    LOCKKEEPER_RUNNER_PULL_POLICY: runner.pullPolicy,
  };
  for (const variable of VARIABLES) {
    expect(text).toContain(`--${flagOf(variable.name)} ${variable.value}   [${variable.name}]`);
    expect(variable.default).toBe(told[variable.name] ?? "");
  }
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(130);
});
