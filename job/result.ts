import type { ExitCode } from "../contract/exit-code.ts";
import type { DatabaseIdentity } from "../contract/report.ts";
import type { Blocker, RunError } from "../contract/run.ts";
import type { Failure } from "./failure.ts";

/** What a run came to. `migrate`, `down` and `baseline` all end in one; it is logged, reported and turned into an exit. */
export type RunResult = {
  runId: string;
  command: "migrate" | "down" | "baseline";
  status: "SUCCESS" | "LOCK_TIMEOUT" | "FAILED" | "SKIPPED";
  /** SKIPPED because `DB_MIGRATE_ENABLED=0`: says nothing about what is pending. */
  disabled: boolean;
  exitCode: ExitCode;
  startedAt: Date;
  finishedAt: Date;
  /** The advisory lock's wait plus the waits for relations, ms. */
  lockWaitMs: number;
  versionBefore: string | null;
  versionAfter: string | null;
  /** How many migrations the source has, and how many of them are applied now. */
  available: number;
  appliedTotal: number;
  /** By this run, in order (for `down`: reverted). */
  applied: string[];
  /** Left to do. */
  pending: string[];
  ahead: string[];
  drift: string[];
  error: RunError | null;
  /** The failure behind `error`, with location, hint and detail: for the terminal and the runner's own log. */
  failure: Failure | null;
  blockers: Blocker[];
  telemetry: { available: boolean; reason: string };
  database: DatabaseIdentity | null;
  digest: string;
  warnings: string[];
};
