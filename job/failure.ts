import type { Code } from "../contract/code.ts";
import { EXIT } from "../contract/exit-code.ts";
import type { ExitCode } from "../contract/exit-code.ts";
import type { Blocker } from "../contract/run.ts";

/** Where in a migration it happened. Lines and statements count from 1. */
export type Location = { file: string; line?: number; statement?: number };

export type FailureDetails = {
  /** What to do about it: one sentence. */
  hint?: string;
  location?: Location;
  /** The migration's name in the history. */
  migration?: string;
  blockers?: Blocker[];
  /** Row data may be in it: for the runner's own log only, never for rows, reports or metrics. */
  detail?: string;
  cause?: unknown;
};

/**
 * Something that a user can cause and cure. `message` tells what happened and to what; `hint` what to do. It is shown
 * without a stack trace, so it must stand alone. Everything else that is thrown is a bug (exit 70).
 */
export class Failure extends Error {
  /** One of CODES, or a SQLSTATE. */
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly details: FailureDetails;

  constructor(code: Code | (string & {}), exitCode: ExitCode, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "Failure";
    this.code = code;
    this.exitCode = exitCode;
    this.details = details;
  }
}

/** Flags or environment that can't be used. */
export const invalidInput = (message: string, details?: FailureDetails): Failure =>
  new Failure("INVALID_INPUT", EXIT.invalidInput, message, details);

/** A folder, journal or file that can't be used; `location` names file and line. */
export const invalidSource = (message: string, details?: FailureDetails): Failure =>
  new Failure("INVALID_SOURCE", EXIT.invalidInput, message, details);
