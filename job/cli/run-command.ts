import type { ExitCode } from "../../contract/exit-code.ts";
import type { RunContext } from "../context.ts";
import { checkTag } from "../report.ts";
import { failureFields, resultFields } from "../result-fields.ts";
import type { RunResult } from "../result.ts";
import type { RunSettings } from "../settings.ts";
import { settingsOf } from "./invocation.ts";
import type { Invocation } from "./invocation.ts";
import { reportOf } from "./write-report.ts";

/** Reads the settings, runs, and tells the result: shown, as JSON where asked for, and in the report. */
export async function runAndTell(
  invocation: Invocation,
  run: (settings: RunSettings, context: RunContext) => Promise<RunResult>,
): Promise<ExitCode> {
  checkTag(invocation.from.values["report-tag"] ?? "");
  return await tell(invocation, await run(settingsOf(invocation), invocation.context));
}

/** Tells a finished run everywhere and returns its exit code. */
export async function tell(invocation: Invocation, result: RunResult): Promise<ExitCode> {
  // The report first: whoever stops reading our output must still find it.
  await reportOf(invocation, result);
  invocation.presenter.finished(result);
  if (invocation.json) {
    const document = { ...resultFields(result), ...failureFields(result.failure) };
    invocation.print.out(`${JSON.stringify(document)}\n`);
  }
  return result.exitCode;
}
