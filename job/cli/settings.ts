import { existsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { parseRunner } from "../environment.ts";
import type { Environment } from "../environment.ts";
import { invalidInput } from "../failure.ts";
import { HISTORY_FORMATS } from "../history/history.ts";
import { parseTableName } from "../postgres/name.ts";
import type { TableName } from "../postgres/name.ts";
import type { RunSettings } from "../settings.ts";
import { SOURCE_FORMATS } from "../source/migration.ts";
import { isUuid } from "../../contract/uuid.ts";
import { readConnection } from "./connection.ts";
import type { ValueFlagName } from "./flags.ts";
import { choiceOf, durationOf, numberOf } from "./values.ts";
import type { Values } from "./values.ts";

export type Defaults = { runner: string; runId: string };

const TEN_YEARS_MS = 3_650 * 86_400_000;

/** A run's settings from flags (or options) and environment. Throws invalid input for the first that can't be used. */
export function readSettings(from: Values, environment: Environment, defaults: Defaults): RunSettings {
  const dir = from.values.dir ?? defaultDir(from);
  return {
    connection: readConnection(from, environment),
    source: {
      dir,
      format: choiceOf(from, "format", ["auto", ...SOURCE_FORMATS], "auto"),
      to: from.values.to ?? null,
    },
    lock: {
      waitMs: durationOf(from, "lock-wait", "10m"),
      timeoutMs: durationOf(from, "lock-timeout", "5s", { least: 1 }),
      retries: numberOf(from, "lock-retries", 8, 0, 1_000),
    },
    statementTimeoutMs: durationOf(from, "statement-timeout", "0"),
    runTimeoutMs: durationOf(from, "run-timeout", "30m"),
    allowDrift: from.switches.has("allow-drift"),
    allowOutOfOrder: from.switches.has("allow-out-of-order"),
    baseline: from.values.baseline ?? null,
    history: {
      format: choiceOf(from, "history-format", ["auto", ...HISTORY_FORMATS], "auto"),
      table: tableOf(from, "history-table"),
    },
    runLog: {
      enabled: environment.telemetry,
      table: tableOf(from, "run-log-table"),
      retentionMs: durationOf(from, "run-log-retention", "90d", { most: TEN_YEARS_MS }),
    },
    run: {
      id: runIdOf(from) ?? defaults.runId,
      runner: parseRunner(from.label("runner"), from.values.runner ?? null) ?? environment.runner ?? defaults.runner,
      source: from.values.source ?? dir,
      host: hostname(),
    },
    batch: { maxFiles: numberOf(from, "batch", 64, 1, 1_000), maxBytes: 256 * 1_024 },
  };
}

/** `--run-id`, or null without it. Throws invalid input for what isn't a UUID. */
export function runIdOf(from: Values): string | null {
  const given = from.values["run-id"];
  if (given === undefined) return null;
  if (isUuid(given)) return given.toLowerCase();
  throw invalidInput(`${from.label("run-id")}: ${JSON.stringify(given)} is not a UUID`);
}

function tableOf(from: Values, flag: ValueFlagName): TableName | null {
  const text = from.values[flag];
  return text === undefined ? null : parseTableName(text, from.label(flag));
}

const isDir = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** The folder that tools make by themselves. With both of them somebody has to say which. */
function defaultDir(from: Values): string {
  const found = ["drizzle", "migrations"].filter((name) => isDir(join(process.cwd(), name)));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const label = from.label("dir");
  throw found.length === 0
    ? invalidInput(`no folder of migrations is named, and there is no ./drizzle or ./migrations here`, {
        hint: `Name it by ${label}.`,
      })
    : invalidInput(`there are both ./drizzle and ./migrations here`, { hint: `Say which one by ${label}.` });
}
