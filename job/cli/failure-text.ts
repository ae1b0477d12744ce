import { EXIT } from "../../contract/exit-code.ts";
import type { ExitCode } from "../../contract/exit-code.ts";
import type { Failure, Location } from "../failure.ts";

const LABELS: Record<ExitCode, string> = {
  [EXIT.done]: "Done",
  [EXIT.lockTimeout]: "LockTimeout",
  [EXIT.failedMigration]: "MigrationFailed",
  [EXIT.drift]: "Drift",
  [EXIT.invalidInput]: "InvalidInput",
  [EXIT.unreachable]: "Unreachable",
  [EXIT.cancelled]: "Cancelled",
  [EXIT.critical]: "Critical",
  [EXIT.bug]: "Bug",
};

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** A failure for people: what happened, where, what the server added, and what to do. No stack trace. */
export function failureText(failure: Failure): string {
  const { details, code, message } = failure;
  const label = LABELS[failure.exitCode];
  const sqlstate = SQLSTATE.test(code) && !message.includes(code) ? ` (SQLSTATE ${code})` : "";
  const first = message.startsWith(`${label}:`) ? message : `${label}: ${message}`;
  const lines = [
    `${first}${sqlstate}`,
    details.location === undefined ? "" : `  file: ${locationText(details.location)}`,
    details.detail === undefined ? "" : `  detail: ${indented(details.detail)}`,
    details.hint === undefined ? "" : `  hint: ${indented(details.hint)}`,
  ];
  return lines.filter((line) => line !== "").join("\n");
}

/** `drizzle/0042_add_index.sql, line 3, statement 2`. */
export function locationText({ file, line, statement }: Location): string {
  const parts = [
    file,
    line === undefined ? "" : `line ${line}`,
    statement === undefined ? "" : `statement ${statement}`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

const indented = (text: string): string => text.trim().replaceAll("\n", "\n    ");
