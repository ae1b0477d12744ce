import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { z } from "zod";
import { LOG_LEVELS } from "./log.ts";
import type { LogLevel } from "./log.ts";
import { Misconfigured } from "./misconfigured.ts";
import { VARIABLES, flagOf } from "./settings-table.ts";
import type { VariableName } from "./settings-table.ts";

export type Settings = {
  /** Null: all. */
  namespaces: string[] | null;
  runner: { image: string; pullPolicy: "Always" | "IfNotPresent" | "Never" };
  lease: { namespace: string; name: string; identity: string };
  concurrency: number;
  /** 0: any free one. */
  healthPort: number;
  ops: {
    /** 0: any free one. */
    port: number;
    /** Null: no endpoint and no dashboard. */
    tokenFile: string | null;
  };
  logLevel: LogLevel;
  /** Null: as a pod's service account. */
  kubeconfig: string | null;
  /** Whether this is a pod: the variables of the API server's service are there. */
  inCluster: boolean;
};

/** What the command line asks for. */
export type Asked = { kind: "help" } | { kind: "version" } | { kind: "run"; settings: Settings };

const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const OBJECT = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
/** As loose as what a registry takes; what it must not do is look like a flag or bring its own line. */
const IMAGE = /^[A-Za-z0-9][\w.:/@-]{0,511}$/;

/** Set by the kubelet. */
const SERVICE = "KUBERNETES_SERVICE_HOST";

const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, `is not a whole number`)
    .transform(Number)
    .refine((number) => number >= least && number <= most, `is not from ${least} to ${most}`);
const oneOf = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  z.enum(names, `is none of ${names.join(", ")}`);

/** An empty variable is the same as an unset one: by then it isn't here. */
const SCHEMA = z.object({
  LOCKKEEPER_NAMESPACES: z
    .string()
    .transform((text) => [...new Set(text.split(",").map((name) => name.trim()))].filter((name) => name !== ""))
    .refine((names) => names.every((name) => NAMESPACE.test(name)), "is not a list of namespaces, divided by commas")
    .optional(),
  LOCKKEEPER_RUNNER_IMAGE: z.string("isn't set").regex(IMAGE, "is not an image's reference"),
  LOCKKEEPER_RUNNER_PULL_POLICY: oneOf(["Always", "IfNotPresent", "Never"]).default("IfNotPresent"),
  POD_NAMESPACE: z.string("isn't set").regex(NAMESPACE, "is not a namespace's name"),
  POD_NAME: z.string().regex(OBJECT, "is not a pod's name").optional(),
  LOCKKEEPER_LEASE_NAME: z.string().regex(OBJECT, "is not an object's name").default("lockkeeper-operator"),
  LOCKKEEPER_CONCURRENCY: whole(1, 256).default(16),
  LOCKKEEPER_HEALTH_PORT: whole(0, 65_535).default(8_081),
  LOCKKEEPER_OPS_PORT: whole(0, 65_535).default(8_080),
  LOCKKEEPER_OPS_TOKEN_FILE: z.string().optional(),
  LOCKKEEPER_LOG_LEVEL: oneOf(LOG_LEVELS).default("info"),
  KUBECONFIG: z.string().optional(),
} satisfies Record<VariableName, z.ZodType>);

/** Reads flags and variables; a flag wins. Throws Misconfigured that tells of everything that can't be used. */
export function readSettings(argv: readonly string[], variables: Record<string, string | undefined>): Asked {
  const flags = parseFlags(argv);
  if (flags["help"] === true) return { kind: "help" };
  if (flags["version"] === true) return { kind: "version" };
  const given: Partial<Record<VariableName, string>> = {};
  for (const { name } of VARIABLES) {
    const value = String(flags[flagOf(name)] ?? variables[name] ?? "").trim();
    if (value !== "") given[name] = value;
  }
  const parsed = SCHEMA.safeParse(given);
  if (!parsed.success) throw unusable(parsed.error, given, flags);
  return { kind: "run", settings: settingsOf(parsed.data, Boolean(variables[SERVICE])) };
}

function settingsOf(data: z.infer<typeof SCHEMA>, inCluster: boolean): Settings {
  const namespaces = data.LOCKKEEPER_NAMESPACES ?? [];
  return {
    namespaces: namespaces.length === 0 ? null : namespaces,
    runner: { image: data.LOCKKEEPER_RUNNER_IMAGE, pullPolicy: data.LOCKKEEPER_RUNNER_PULL_POLICY },
    lease: {
      namespace: data.POD_NAMESPACE,
      name: data.LOCKKEEPER_LEASE_NAME,
      // Two processes of one machine must not be taken for one.
      identity: data.POD_NAME ?? `${hostname()}_${randomUUID()}`,
    },
    concurrency: data.LOCKKEEPER_CONCURRENCY,
    healthPort: data.LOCKKEEPER_HEALTH_PORT,
    ops: { port: data.LOCKKEEPER_OPS_PORT, tokenFile: data.LOCKKEEPER_OPS_TOKEN_FILE ?? null },
    logLevel: data.LOCKKEEPER_LOG_LEVEL,
    kubeconfig: data.KUBECONFIG ?? null,
    inCluster,
  };
}

type Flags = Record<string, string | boolean | undefined>;

function parseFlags(argv: readonly string[]): Flags {
  const options = Object.fromEntries(VARIABLES.map(({ name }) => [flagOf(name), { type: "string" as const }]));
  try {
    const known = { ...options, help: { type: "boolean" as const, short: "h" }, version: { type: "boolean" as const } };
    return parseArgs({ args: [...argv], options: known, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const [sentence = ""] = (error as Error).message.split(/\. |\n/);
    throw new Misconfigured(`The command line can't be used: ${sentence}.`, "See --help.", error);
  }
}

function unusable(error: z.ZodError, given: Partial<Record<VariableName, string>>, flags: Flags): Misconfigured {
  const sentences = error.issues.map(({ path, message }) => {
    const name = String(path[0]) as VariableName;
    const from = flags[flagOf(name)] === undefined ? name : `--${flagOf(name)}`;
    const value = given[name];
    return value === undefined ? `${from} ${message}.` : `${from}: ${JSON.stringify(value.slice(0, 100))} ${message}.`;
  });
  return new Misconfigured(sentences.join(" "), "See --help.", error);
}
