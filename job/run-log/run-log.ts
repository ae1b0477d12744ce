import type { Blocker, RunError } from "../../contract/run.ts";

/** A run's row as far as the runner knows it. Names are the table's columns in camel case; times are Dates. */
export type RunRow = {
  id: string;
  status: "RUNNING" | "SUCCESS" | "LOCK_TIMEOUT" | "FAILED" | "SKIPPED";
  runner: string;
  source: string | null;
  host: string | null;
  startedAt: Date;
  finishedAt: Date | null;
  lockWaitMs: number;
  versionBefore: string | null;
  versionAfter: string | null;
  pending: string[];
  applied: string[];
  error: RunError | null;
  blockers: Blocker[];
};
