import { KUBERNETES_JOB } from "../../contract/resource/names.ts";
import type { Spec } from "../../contract/resource/spec.ts";
import { literal } from "./literal.ts";
import { sourceName } from "./marks.ts";
import { tagOf } from "./order.ts";
import type { RunOrder } from "./order.ts";

export type Paths = { dir: string; caFile: string | null };
/** A flag with its value, or alone; null and false: not given. */
export type Flag = [name: string, value: string | number | boolean | null];

/** The runner's command line (docs/cli.md). Values are never arguments of their own: none can be taken for a flag. */
export function runnerArguments(order: RunOrder, paths: Paths): string[] {
  const { command, migration } = order;
  const flags = [...common(order, paths), ...(command === "migrate" ? migrating(migration.spec) : [])];
  return [command, ...flags.flatMap(argument)];
}

export function argument([name, value]: Flag): string[] {
  if (value === null || value === false || value === "") return [];
  return [value === true ? `--${name}` : literal(`--${name}=${value}`)];
}

function common(order: RunOrder, { dir, caFile }: Paths): Flag[] {
  const { source, history, runLog } = order.migration.spec;
  return [
    ["dir", dir],
    ["format", source.format.toLowerCase()],
    ["history-format", history.format.toLowerCase()],
    ["history-table", history.table],
    ["run-log-table", runLog.table],
    ["ca-file", caFile],
    ["runner", KUBERNETES_JOB],
    ["source", sourceName(order.source)],
    ["run-id", order.runId],
    ["report", "/dev/termination-log"],
    ["report-tag", tagOf(order)],
  ];
}

const migrating = ({ lock, timeouts, apply, runLog }: Spec): Flag[] => [
  ["lock-wait", lock.wait],
  ["lock-timeout", lock.timeout],
  ["lock-retries", lock.retries],
  ["statement-timeout", timeouts.statement],
  ["run-timeout", timeouts.run],
  ["allow-drift", apply.allowDrift],
  ["allow-out-of-order", apply.allowOutOfOrder],
  ["baseline", apply.baseline],
  ["run-log-retention", runLog.retention],
];
