import type { ExitCode } from "../contract/exit-code.ts";
import type { Failure } from "./failure.ts";
import type { Reported } from "./report.ts";

/** What can be said of a run that ended before the database was looked at: by a failure, or because it is disabled. */
export function earlyResult<Command extends Reported["command"]>(run: {
  runId: string;
  command: Command;
  startedAt: Date;
  finishedAt: Date;
  /** Null: it was skipped because migrating is disabled. */
  failure: Failure | null;
}): Reported & { command: Command; failure: Failure | null; warnings: string[] } {
  const { failure, ...known } = run;
  const exitCode: ExitCode = failure?.exitCode ?? 0;
  return {
    ...known,
    status: failure === null ? "SKIPPED" : exitCode === 10 ? "LOCK_TIMEOUT" : "FAILED",
    disabled: failure === null,
    exitCode,
    lockWaitMs: 0,
    versionBefore: null,
    versionAfter: null,
    available: 0,
    appliedTotal: 0,
    applied: [],
    pending: [],
    ahead: [],
    drift: [],
    error:
      failure === null
        ? null
        : { code: failure.code, message: failure.message, migration: failure.details.migration ?? null },
    failure,
    blockers: failure?.details.blockers ?? [],
    telemetry: { available: false, reason: failure === null ? "migrating is disabled" : "the run ended before it" },
    database: null,
    digest: "",
    warnings: [],
  };
}
