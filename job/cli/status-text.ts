import { formatDuration } from "../../contract/duration.ts";
import type { Run } from "../../contract/run.ts";
import type { Status } from "../status.ts";
import { holderText } from "./holder-text.ts";
import { names } from "./summary.ts";

/** What `lockkeeper status` found, for people. Drift is told by its failure, besides its names here. */
export function statusText(status: Status, now: Date): string {
  const { database, source, history, telemetry } = status;
  const rows: [string, string][] = [
    ["database", database.name],
    ["folder", `${source.dir} (${source.format}, ${source.available} migrations)`],
    ["history", `${history.table} (${history.format})`],
    ["version", status.version ?? "nothing applied"],
    ["applied", `${status.applied.length} of ${source.available}`],
    ["pending", counted(status.pending)],
    ...optional("changed", status.drifted),
    ...optional("missing", status.missing),
    ...optional("ahead", status.ahead),
    ...optional("out of order", status.outOfOrder),
    ["lock", status.lock.holder === null ? "free" : `held by ${holderText(status.lock.holder)}`],
    ["run log", telemetry.available ? runsText(status.runs) : `not available: ${telemetry.reason}`],
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(12)}  ${value}`);
  return [...lines, ...status.runs.map((run) => `  ${runText(run, now)}`)].join("\n");
}

const counted = (all: string[]): string => (all.length === 0 ? "none" : `${all.length}: ${names(all)}`);
const optional = (name: string, all: string[]): [string, string][] => (all.length === 0 ? [] : [[name, counted(all)]]);
const runsText = (runs: Run[]): string => (runs.length === 0 ? "no runs yet" : `the last ${runs.length}, newest first`);

/** `SUCCESS  4m ago, took 412 ms, by cli on host: 2 applied, now 0010_x`. */
function runText(run: Run, now: Date): string {
  const started = Date.parse(run.startedAt);
  const took = run.finishedAt === null ? "" : `, took ${formatDuration(Date.parse(run.finishedAt) - started)}`;
  const by = `by ${run.runner}${run.host === null ? "" : ` on ${run.host}`}`;
  const outcome =
    run.error === null
      ? `${run.applied.length} applied, now ${run.versionAfter ?? "empty"}`
      : `${run.error.code}: ${run.error.message}`;
  return `${run.status.padEnd(12)}  ${formatDuration(now.getTime() - started)} ago${took}, ${by}: ${outcome}`;
}
