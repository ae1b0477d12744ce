import type { Code } from "../../contract/code.ts";
import { EXIT } from "../../contract/exit-code.ts";
import type { ExitCode } from "../../contract/exit-code.ts";
import type { Report } from "../../contract/report.ts";
import type { Reason } from "../../contract/resource/reason.ts";

/** Why a run came out as it did, and whether waiting can cure it. */
export type Judgement = { reason: Reason; retry: boolean };

/** An error's own code tells more than the exit code; what isn't here is told by that. 42501 is a right that lacks. */
const BY_CODE: Partial<Record<Code | "42501", Reason>> = {
  INVALID_SOURCE: "InvalidSource",
  UNSUPPORTED_STATEMENT: "InvalidSource",
  PERMISSION: "PermissionDenied",
  "42501": "PermissionDenied",
  CONNECTION_REFUSED: "ConnectionRefused",
  READ_ONLY: "ConnectionRefused",
  RUN_TIMEOUT: "RunTimeout",
};

const BY_EXIT_CODE = {
  [EXIT.done]: "Applied",
  [EXIT.lockTimeout]: "LockTimeout",
  [EXIT.failedMigration]: "MigrationFailed",
  [EXIT.drift]: "Drift",
  [EXIT.invalidInput]: "InvalidInput",
  [EXIT.unreachable]: "Unreachable",
  [EXIT.cancelled]: "Cancelled",
  // A check's, which no run ends with.
  [EXIT.critical]: "RunnerFailed",
  [EXIT.bug]: "RunnerFailed",
} as const satisfies Record<ExitCode, Reason>;

/**
 * What a run's report says, in the words of conditions. Tried again: lock time-outs, a database that can't be reached or
 * refuses (a password may be changed a moment later), a cancelled run, and the runner's own failures. Not tried again: what
 * a migration, a file, the history or a setting is the cause of, and a run that took all its time: it would do so again,
 * with its locks.
 */
export function reasonOf({ exitCode, disabled, ahead, error }: Report): Judgement {
  if (exitCode === EXIT.done) {
    if (disabled) return { reason: "Disabled", retry: false };
    return { reason: ahead > 0 ? "DatabaseAhead" : "Applied", retry: false };
  }
  const known = isExitCode(exitCode) ? BY_EXIT_CODE[exitCode] : "RunnerFailed";
  const reason = (error === null ? undefined : byCode(error.code)) ?? known;
  return { reason, retry: RETRIED.has(known) && reason !== "RunTimeout" };
}

const RETRIED: ReadonlySet<Reason> = new Set(["LockTimeout", "Unreachable", "Cancelled", "RunnerFailed"]);

const byCode = (code: string): Reason | undefined =>
  Object.hasOwn(BY_CODE, code) ? BY_CODE[code as keyof typeof BY_CODE] : undefined;

const isExitCode = (code: number): code is ExitCode => Object.hasOwn(BY_EXIT_CODE, code);
