/**
 * Something that whoever installs the operator can cause and cure: a setting, a missing CRD, a missing right. The message
 * tells what happened and to what; `hint` what to do. It is shown without a stack trace.
 */
export class Misconfigured extends Error {
  readonly hint: string;

  constructor(message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "Misconfigured";
    this.hint = hint;
  }
}
