import { EXIT } from "../../contract/exit-code.ts";
import type { ExitCode } from "../../contract/exit-code.ts";

/**
 * Something that a user can cause and cure, with the exit code that tells it. It is shown without a stack trace: `message` tells
 * what happened, `hint` what to do. Everything else that is thrown is a bug (exit 70).
 */
export class CliFailure extends Error {
  readonly exitCode: ExitCode;
  readonly hint: string;

  constructor(exitCode: ExitCode, message: string, hint = "", cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CliFailure";
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

export const invalid = (message: string, hint = "", cause?: unknown): CliFailure =>
  new CliFailure(EXIT.invalidInput, message, hint, cause);
