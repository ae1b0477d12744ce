import { EXIT } from "../../contract/exit-code.ts";
import { formatDuration } from "../../contract/duration.ts";
import { Failure } from "../failure.ts";

/** The session ended while it was at work: what was sent last may be committed or not. The run settles it (run.ts). */
export class SessionLost extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : "the connection was lost", { cause });
    this.name = "SessionLost";
  }
}

/** The history isn't what the plan was made from: somebody applied one of its migrations. Plan again. */
export class PlanOutdated extends Error {
  constructor(migration: string) {
    super(`${migration} is in the history already`);
    this.name = "PlanOutdated";
  }
}

/** Aborts a run's signal with this as the reason. */
export class RunTimeout extends Error {
  constructor(ms: number) {
    super(`the run took longer than --run-timeout, ${formatDuration(ms)}`);
    this.name = "RunTimeout";
  }
}

/** The failure that an aborted signal stands for. */
export function cancelled(signal: AbortSignal): Failure {
  const reason: unknown = signal.reason;
  if (reason instanceof RunTimeout) {
    return new Failure("RUN_TIMEOUT", EXIT.cancelled, `${reason.message}; what was under way was rolled back`, {
      hint: "What is applied stays applied: run it again, or raise --run-timeout.",
    });
  }
  const why = typeof reason === "string" ? reason : "cancelled by the caller";
  return new Failure("CANCELLED", EXIT.cancelled, `${why}: what was under way was rolled back`, {
    hint: "What is applied stays applied: run it again to go on.",
  });
}
