import { TAG_MAX_BYTES } from "../contract/report-size.ts";
import { redact } from "../contract/redact.ts";
import type { Report } from "../contract/report.ts";
import type { Blocker } from "../contract/run.ts";
import { cutBlocker, STEPS, whole } from "./report-steps.ts";
import type { Reported } from "./report-steps.ts";
import { cutToJsonBytes, jsonBytes } from "./report-text.ts";
import { invalidInput } from "./failure.ts";

export type { Reported } from "./report-steps.ts";

/** `tag` comes back as it was given; `secrets` (contract/redact.ts) are taken out of every text. */
export type ReportOptions = { tag: string; secrets?: readonly string[] };

/** Refuses a tag that could crowd out the report. For the command line, before anything is touched. */
export function checkTag(tag: string): void {
  if (jsonBytes(tag) - 2 <= TAG_MAX_BYTES) return;
  throw invalidInput(`--report-tag is longer than ${TAG_MAX_BYTES} bytes`, {
    hint: "Pass a short key and look the rest up by it; control characters count as six bytes each.",
  });
}

/**
 * The result as a report whose JSON is at most REPORT_MAX_BYTES, whatever is in it. Outcome, ids and counts are always
 * whole. What is left of the room is given out in the order of `STEPS`: first a little to everything that tells what went
 * wrong, then more of the same, then names. Never throws; the same input gives the same report.
 */
export function makeReport(result: Reported, { tag, secrets = [] }: ReportOptions): Report {
  const clean = (text: string): string => redact(text, secrets);
  const full: Reported = {
    ...result,
    error: result.error === null ? null : { ...result.error, message: clean(result.error.message) },
    telemetry: { ...result.telemetry, reason: clean(result.telemetry.reason) },
  };
  const report = skeleton(full, tag);
  for (const step of STEPS) step(report, full);
  report.truncated = !isWhole(report, full, tag);
  return report;
}

/** The report as one line of JSON. */
export const encodeReport = (report: Report): string => JSON.stringify(report);

/**
 * Writes the report in place: a container's termination log is one mounted file, so a rename over it fails. The file is
 * truncated and then written by one write of less than a page: a reader sees nothing or all of it, never half, and
 * nothing means unknown. Rejects with a Failure that names the file.
 */
export async function writeReport(file: string, report: Report): Promise<void> {
  // Loaded when asked for: a run without a report doesn't need it to start.
  const { writeFile } = await import("node:fs/promises");
  try {
    await writeFile(file, encodeReport(report));
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw invalidInput(`--report: ${file} can't be written (${reason})`, {
      hint: "Name a file in a folder that this user may write to.",
      cause,
    });
  }
}

/** All that is always whole, and nothing else. */
function skeleton(full: Reported, tag: string): Report {
  return {
    v: 1,
    runId: cutToJsonBytes(full.runId, 64),
    tag: cutToJsonBytes(tag, TAG_MAX_BYTES),
    command: full.command,
    outcome: full.status,
    disabled: full.disabled,
    exitCode: full.exitCode,
    versionBefore: full.versionBefore === null ? null : "",
    versionAfter: full.versionAfter === null ? null : "",
    available: whole(full.available),
    appliedTotal: whole(full.appliedTotal),
    appliedCount: full.applied.length,
    applied: [],
    pendingCount: full.pending.length,
    pending: [],
    ahead: full.ahead.length,
    drift: [],
    driftCount: full.drift.length,
    lockWaitMs: whole(full.lockWaitMs),
    durationMs: whole(full.finishedAt.getTime() - full.startedAt.getTime()),
    error: full.error === null ? null : { code: "", message: "", migration: full.error.migration === null ? null : "" },
    blockers: [],
    telemetry: { available: full.telemetry.available, reason: "" },
    database: full.database === null ? null : { systemIdentifier: "", name: "", oid: whole(full.database.oid) },
    digest: cutToJsonBytes(full.digest, 80),
    truncated: false,
  };
}

/** Whether nothing was cut. Lists are compared by length, texts by themselves. */
function isWhole(report: Report, full: Reported, tag: string): boolean {
  return (
    report.runId === full.runId &&
    report.tag === tag &&
    report.digest === full.digest &&
    report.versionBefore === full.versionBefore &&
    report.versionAfter === full.versionAfter &&
    report.applied.length === full.applied.length &&
    report.pending.length === full.pending.length &&
    report.drift.length === full.drift.length &&
    report.error?.code === full.error?.code &&
    report.error?.message === full.error?.message &&
    report.error?.migration === full.error?.migration &&
    report.telemetry.reason === full.telemetry.reason &&
    report.database?.systemIdentifier === full.database?.systemIdentifier &&
    report.database?.name === full.database?.name &&
    report.blockers.length === full.blockers.length &&
    report.blockers.every((blocker, index) => sameBlocker(blocker, full.blockers[index]))
  );
}

const sameBlocker = (one: Blocker, other: Blocker | undefined): boolean =>
  other !== undefined && JSON.stringify(one) === JSON.stringify(cutBlocker(other, Infinity));
