import { parseDuration } from "../../contract/duration.ts";
import { field, list, text, time } from "../watch/field.ts";
import type { RawMigration } from "../watch/migration.ts";
import { OUTCOMES, outcomeOf } from "./run-counts.ts";
import type { RunOutcome } from "./run-counts.ts";
import { RUN_STATUSES } from "../../contract/run.ts";
import type { RunStatus } from "../../contract/run.ts";

/** What the gauges tell of one resource. Times in ms since 1970; null: not known, or there is none. */
export type ResourceFacts = {
  pending: number | null;
  pendingSince: number | null;
  ready: boolean;
  stalled: boolean;
  suspended: boolean;
  drifted: boolean;
  /** Null where no run was logged yet, and where nobody wants it. */
  telemetryAvailable: boolean | null;
  runStarted: number | null;
  /** How long a run may take, in ms; null: without limit. */
  runTimeout: number | null;
  lastSuccess: number | null;
  lastRun: Record<RunOutcome, number | null>;
};

/** From a resource as the watch has it: its status may be anything. Pure. */
export function factsOf({ spec, status }: RawMigration): ResourceFacts {
  const conditions = list(status, "conditions", 16);
  const condition = (type: string): unknown => conditions.find((one) => field(one, "type") === type);
  const isTrue = (type: string): boolean => field(condition(type), "status") === "True";
  const runs = list(status, "runs", 100);
  const running = runs.find((run) => field(run, "status") === "RUNNING");
  const succeeded = runs.find(isProof);
  const schema = field(status, "schema");
  const pending = field(schema, "pending");
  const available = field(field(status, "telemetry"), "available");
  const isWanted = field(field(spec, "runLog"), "enabled") !== false;
  const isPending = typeof pending === "number" && pending > 0;
  return {
    pending: typeof pending === "number" && pending >= 0 ? pending : null,
    pendingSince: isPending ? sinceWhen(runs, condition("Ready"), schema) : null,
    ready: isTrue("Ready"),
    stalled: isTrue("Stalled"),
    suspended: field(spec, "suspend") === true,
    drifted: isTrue("Drifted"),
    telemetryAvailable: isWanted && typeof available === "boolean" ? available : null,
    runStarted: running === undefined ? null : time(running, "startedAt"),
    // 0 is no limit.
    runTimeout: parseDuration(text(field(spec, "timeouts"), "run", 40) ?? "") || null,
    lastSuccess: succeeded === undefined ? null : time(succeeded, "finishedAt"),
    lastRun: lastRuns(runs),
  };
}

/** It left nothing to do. One that was skipped because migrating is switched off looked at nothing: it has no version. */
function isProof(run: unknown): boolean {
  const status = field(run, "status");
  return status === "SUCCESS" || (status === "SKIPPED" && Boolean(field(run, "versionAfter")));
}

/** The end of the newest run of each outcome. */
function lastRuns(runs: unknown[]): Record<RunOutcome, number | null> {
  const last: Record<RunOutcome, number | null> = { success: null, skipped: null, failed: null, lock_timeout: null };
  let left = OUTCOMES.length;
  for (const run of runs) {
    const status = field(run, "status") as RunStatus;
    const outcome = RUN_STATUSES.includes(status) ? outcomeOf(status) : null;
    if (outcome === null || last[outcome] !== null) continue;
    last[outcome] = time(run, "finishedAt");
    if (--left === 0) break;
  }
  return last;
}

/**
 * Since when something is pending: since the first run after the last one that left nothing to do. Where that isn't in the
 * history, since the resource isn't ready; and where it is, as after a restore, since that was seen.
 */
function sinceWhen(runs: unknown[], ready: unknown, schema: unknown): number | null {
  const end = runs.findIndex(isProof);
  const first = end > 0 ? time(runs[end - 1], "startedAt") : null;
  const unready = field(ready, "status") === "True" ? null : time(ready, "lastTransitionTime");
  return first ?? unready ?? time(schema, "observedAt");
}
