import { urlOfParts } from "./connection-parts.ts";
import { invalidInput } from "./failure.ts";

/** What the environment says; null or a default where it is silent. An empty variable is the same as an unset one. */
export type Environment = {
  databaseUrl: string | null;
  /** Who said so, for messages: DATABASE_URL, PGHOST, or a program's option. */
  urlFrom: string;
  databaseUrlFile: string | null;
  /** False: `migrate` logs SKIPPED and succeeds. */
  enabled: boolean;
  /** Who runs; null: the caller's own default. */
  runner: string | null;
  /** False: no run log. */
  telemetry: boolean;
  noColor: boolean;
  /** Stack traces for bugs. */
  debug: boolean;
};

export type Variables = Record<string, string | undefined>;

/** The process's own variables: the only place that reads them. */
export const processVariables = (): Variables => process.env;

export type Variable = { name: string; default: string; description: string };

/** The variables that the runner reads; `--help` and docs/cli.md are made from it. */
export const VARIABLES = [
  { name: "DATABASE_URL", default: "", description: "The connection: postgres://USER:PASSWORD@HOST:PORT/NAME." },
  {
    name: "DATABASE_URL_FILE",
    default: "",
    description: "A file that holds the connection, such as a mounted Secret. Only where DATABASE_URL isn't set.",
  },
  {
    name: "PGHOST",
    default: "",
    description: "The server's host, where neither of the two is set: the connection in parts, as for psql.",
  },
  { name: "PGPORT", default: "5432", description: "Its port." },
  { name: "PGDATABASE", default: "the user's", description: "The database's name." },
  { name: "PGUSER", default: "the system's", description: "The user." },
  { name: "PGPASSWORD", default: "", description: "The password, as it is: nothing in it is %-encoded." },
  {
    name: "PGSSLMODE",
    default: "no TLS",
    description: "disable, require (the certificate isn't checked), verify-ca or verify-full.",
  },
  { name: "DB_MIGRATE_ENABLED", default: "1", description: "0: migrate logs SKIPPED and exits with 0." },
  { name: "DB_MIGRATE_RUNNER", default: "cli", description: "Who runs, for the run log. --runner wins." },
  {
    name: "DB_MIGRATE_TELEMETRY_ENABLED",
    default: "1",
    description: "0: no run log is written, and nothing of it created.",
  },
  { name: "NO_COLOR", default: "", description: "Anything: no colours on a terminal." },
  { name: "LOCKKEEPER_DEBUG", default: "0", description: "1: a bug in Lockkeeper shows its stack trace." },
] as const satisfies Variable[];

type Name = (typeof VARIABLES)[number]["name"];

/**
 * Reads the variables by hand: loading a schema library for them takes longer than a whole no-op start does.
 * Throws invalid input that names the variable, and never its value where that could be a credential.
 */
export function readEnvironment(variables: Variables): Environment {
  const read = (name: Name): string | null => variables[name]?.trim() || null;
  const flag = (name: Name, otherwise: boolean): boolean => parseSwitch(name, read(name), otherwise);
  const databaseUrl = read("DATABASE_URL");
  const databaseUrlFile = read("DATABASE_URL_FILE");
  const parts = databaseUrl === null && databaseUrlFile === null ? urlOfParts(variables) : null;
  return {
    databaseUrl: databaseUrl ?? parts,
    urlFrom: parts === null ? "DATABASE_URL" : "PGHOST",
    databaseUrlFile,
    enabled: flag("DB_MIGRATE_ENABLED", true),
    runner: parseRunner("DB_MIGRATE_RUNNER", read("DB_MIGRATE_RUNNER")),
    telemetry: flag("DB_MIGRATE_TELEMETRY_ENABLED", true),
    noColor: read("NO_COLOR") !== null,
    debug: read("LOCKKEEPER_DEBUG") === "1",
  };
}

/** 1 or 0, true or false. Throws invalid input that names the variable. */
export function parseSwitch(name: string, value: string | null, otherwise: boolean): boolean {
  if (value === null) return otherwise;
  const lower = value.toLowerCase();
  if (lower === "1" || lower === "true") return true;
  if (lower === "0" || lower === "false") return false;
  throw invalidInput(`${name} is ${JSON.stringify(value)}, which is neither on nor off`, {
    hint: "Set it to 1 or 0 (or true or false).",
  });
}

const RUNNER = /^[A-Za-z0-9][\w.:/@-]{0,62}$/;

/** A runner's name as the run log keeps it. Throws invalid input that names where it came from. */
export function parseRunner(from: string, value: string | null): string | null {
  if (value === null || RUNNER.test(value)) return value;
  throw invalidInput(`${from} is not a runner's name`, {
    hint: "Use at most 63 letters, digits and . _ : / @ -, such as compose-migrate-job.",
  });
}
