import { Failure } from "../failure.ts";
import type { Reported } from "../report.ts";
import type { Invocation } from "./invocation.ts";

/**
 * Writes `--report FILE`, if it is asked for. A report that can't be written is a warning: it must not turn a migration
 * that was applied into a failure.
 */
export async function reportOf(invocation: Invocation, reported: Reported): Promise<void> {
  const file = invocation.from.values.report;
  if (file === undefined) return;
  const { makeReport, writeReport } = await import("../report.ts");
  const tag = invocation.from.values["report-tag"] ?? "";
  const report = makeReport(reported, { tag, secrets: invocation.print.secrets() });
  try {
    await writeReport(file, report);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    invocation.presenter.onEvent({ type: "warning", code: error.code, message: error.message });
  }
}
