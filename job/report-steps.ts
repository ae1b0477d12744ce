import { REPORT_MAX_BYTES } from "../contract/report-size.ts";
import type { Report } from "../contract/report.ts";
import type { Blocker } from "../contract/run.ts";
import { cutToJsonBytes, jsonBytes } from "./report-text.ts";
import type { RunResult } from "./result.ts";

/** What a report is made from: a run's result, or what `status` found. */
export type Reported = Omit<RunResult, "command" | "startedAt" | "finishedAt" | "failure" | "warnings"> & {
  command: Report["command"];
  startedAt: Date;
  finishedAt: Date;
};

/** Fills one part of a report from what is to be told, as far as there is room. */
type Step = (report: Report, full: Reported) => void;

/** A database has at most 63 bytes of name; JSON may write each as six. */
const NAME_BYTES = 63;

/** Who gets how much of the room, in which order: first a little to everything, then more to what matters most. */
export const STEPS: Step[] = [
  errorText("code", 40),
  errorText("message", 200),
  databaseText("systemIdentifier", 20),
  databaseText("name", NAME_BYTES),
  version("versionAfter", 100),
  errorText("migration", 100),
  blockers(1, 24),
  telemetryReason(60),
  version("versionBefore", 100),
  version("versionAfter", 260),
  errorText("migration", 260),
  blockers(1, 130),
  errorText("message", 400),
  names("drift", 3, "first"),
  blockers(3, 64),
  names("pending", 3, "first"),
  names("applied", 3, "last"),
  version("versionBefore", 260),
  telemetryReason(200),
  names("drift", Infinity, "first"),
  names("pending", Infinity, "first"),
  names("applied", Infinity, "last"),
  errorText("message", REPORT_MAX_BYTES),
  blockers(Infinity, 130),
  telemetryReason(REPORT_MAX_BYTES),
  databaseText("name", NAME_BYTES * 6),
];

/** The longest cut of `text`, at most `most` bytes, with which the report still fits. */
function grow(report: Report, text: string, most: number, set: (cut: string) => void): void {
  set("");
  set(cutToJsonBytes(text, Math.min(most, roomIn(report))));
}

const roomIn = (report: Report): number => REPORT_MAX_BYTES - jsonBytes(report);

function errorText(field: "code" | "message" | "migration", most: number): Step {
  return (report, { error }) => {
    const target = report.error;
    const text = error?.[field] ?? null;
    if (target !== null && text !== null) grow(report, text, most, (cut) => (target[field] = cut));
  };
}

function databaseText(field: "systemIdentifier" | "name", most: number): Step {
  return (report, { database }) => {
    const target = report.database;
    if (target !== null && database !== null) grow(report, database[field], most, (cut) => (target[field] = cut));
  };
}

function version(field: "versionBefore" | "versionAfter", most: number): Step {
  return (report, full) => {
    const text = full[field];
    if (text !== null) grow(report, text, most, (cut) => (report[field] = cut));
  };
}

function telemetryReason(most: number): Step {
  return (report, { telemetry }) => grow(report, telemetry.reason, most, (cut) => (report.telemetry.reason = cut));
}

/** The first blockers, each text of them at most `most` bytes; keeps what an earlier step found room for. */
function blockers(count: number, most: number): Step {
  return (report, full) => {
    for (const [index, blocker] of full.blockers.slice(0, count).entries()) {
      const before = report.blockers;
      report.blockers = [...before.slice(0, index), cutBlocker(blocker, most), ...before.slice(index + 1)];
      if (roomIn(report) >= 0) continue;
      report.blockers = before;
      return;
    }
  };
}

/** Whole names, as many as fit, in their order: half a name names nothing. */
function names(field: "applied" | "pending" | "drift", count: number, which: "first" | "last"): Step {
  return (report, full) => {
    report[field] = [];
    let room = roomIn(report) + 1;
    const kept: string[] = [];
    const all = full[field];
    for (let index = 0; index < Math.min(count, all.length); index++) {
      const name = all[which === "first" ? index : all.length - 1 - index] ?? "";
      // Every name but the first has a comma before it: the one byte that `room` starts with is the first one's.
      room -= jsonBytes(cutToJsonBytes(name, REPORT_MAX_BYTES)) + 1;
      if (room < 0) break;
      kept.push(name);
    }
    report[field] = which === "first" ? kept : kept.toReversed();
  };
}

export function cutBlocker(blocker: Blocker, most: number): Blocker {
  const cut = (text: string | null): string | null => (text === null ? null : cutToJsonBytes(text, most));
  return {
    pid: whole(blocker.pid),
    user: cut(blocker.user),
    application: cut(blocker.application),
    state: cut(blocker.state),
    transactionAge: cut(blocker.transactionAge),
    relation: cut(blocker.relation),
    mode: cut(blocker.mode),
    preparedTransaction: cut(blocker.preparedTransaction),
  };
}

/** A count as the report's schema wants it, whatever arithmetic left in it. */
export const whole = (number: number): number =>
  Number.isFinite(number) ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(number))) : 0;
