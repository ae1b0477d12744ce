import type { Observed } from "../../contract/ops-observed.ts";
import type { LoggedRun } from "../run-log/recent.ts";

export type Told = Pick<Observed, "version" | "pending" | "pendingCount" | "drift" | "driftCount" | "applied">;

/**
 * What the log's rows say about the schema: the newest run that looked at the history knows what was pending. One that
 * waited for the lock in vain, or was disabled, knows nothing. Pure; `runs` are newest first.
 */
export function toldByRuns(runs: readonly LoggedRun[]): Told {
  const planned = runs.find(wasPlanned);
  const verdict = runs.find((run) => wasPlanned(run) || foundDrift(run));
  const drifted = verdict !== undefined && foundDrift(verdict);
  const pending = planned === undefined ? [] : leftBy(planned);
  const migration = verdict?.error?.migration ?? null;
  return {
    version: planned === undefined ? null : versionOf(planned),
    pending,
    pendingCount: pending.length,
    drift: drifted && migration !== null ? [migration] : [],
    driftCount: drifted ? 1 : 0,
    applied: new Set(),
  };
}

const foundDrift = ({ error }: LoggedRun): boolean => error?.code === "DRIFT";

/** A run that was skipped because migrating is disabled has no version. */
const wasPlanned = ({ status, pending, applied, versionAfter }: LoggedRun): boolean =>
  status === "SUCCESS" || pending.length > 0 || applied.length > 0 || (status === "SKIPPED" && versionAfter !== null);

/** A finished run's row says what it left; that of one at work, or of one that died, what it began with. */
const endedWell = ({ status, error }: LoggedRun): boolean => status !== "RUNNING" && error?.code !== "ORPHANED";

function leftBy(run: LoggedRun): string[] {
  if (endedWell(run)) return run.pending;
  const applied = new Set(run.applied);
  return run.pending.filter((name) => !applied.has(name));
}

const versionOf = (run: LoggedRun): string | null =>
  endedWell(run) ? run.versionAfter : (run.applied.at(-1) ?? run.versionBefore);
