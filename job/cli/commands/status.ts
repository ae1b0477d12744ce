import { EXIT } from "../../../contract/exit-code.ts";
import type { ExitCode } from "../../../contract/exit-code.ts";
import { earlyResult } from "../../early-result.ts";
import { checkTag } from "../../report.ts";
import type { Reported } from "../../report.ts";
import { failureFields } from "../../result-fields.ts";
import { readStatus } from "../../status.ts";
import type { Status } from "../../status.ts";
import { settingsOf } from "../invocation.ts";
import type { Invocation } from "../invocation.ts";
import { printable } from "../../../contract/printable.ts";
import { statusText } from "../status-text.ts";
import { reportOf } from "../write-report.ts";

/** `lockkeeper status`: exits with 12 on drift, and with 0 whether or not something is pending. */
export async function statusCommand(invocation: Invocation): Promise<ExitCode> {
  checkTag(invocation.from.values["report-tag"] ?? "");
  const { runId, startedAt, host, context, presenter, print, json } = invocation;
  const status = await readStatus(settingsOf(invocation), context);
  const reported = reportedOf(status, { runId, startedAt, finishedAt: host.now() });
  await reportOf(invocation, reported);
  presenter.close();
  for (const message of status.warnings) presenter.onEvent({ type: "warning", code: "SOURCE", message });
  if (json) print.out(`${JSON.stringify(documentOf(status, reported))}\n`);
  else print.out(`${printable(statusText(status, host.now()))}\n`);
  if (status.failure !== null) presenter.failed(status.failure);
  return status.failure?.exitCode ?? EXIT.done;
}

function documentOf({ failure, ...status }: Status, reported: Reported): Record<string, unknown> {
  return { ...status, exitCode: reported.exitCode, error: reported.error, ...failureFields(failure) };
}

/** A status in the form of a run, for the report. */
function reportedOf(status: Status, run: { runId: string; startedAt: Date; finishedAt: Date }): Reported {
  const { failure, version } = status;
  const early = earlyResult({ ...run, command: "status", failure });
  return {
    ...early,
    status: failure === null ? "SUCCESS" : "FAILED",
    disabled: false,
    versionBefore: version,
    versionAfter: version,
    available: status.source.available,
    appliedTotal: status.applied.length,
    pending: status.pending,
    ahead: status.ahead,
    drift: [...status.drifted, ...status.missing],
    telemetry: status.telemetry,
    database: status.database,
    digest: status.source.digest,
  };
}
