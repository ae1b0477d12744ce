import { redact } from "../../contract/redact.ts";
import { isServerError } from "../postgres/sqlstate.ts";

export const TELEMETRY_OFF = "telemetry is switched off";

/** Why a write to the run log failed, in one line: the server's message without its DETAIL, which may hold row data. */
export function writeReason(error: unknown, secrets: readonly string[]): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = isServerError(error) ? ` (${error.code})` : "";
  return `the run log can't be written: ${redact(message, secrets)}${code}`;
}

/** The promise's outcome, or a rejection when it takes longer than `ms`. What it is about goes on all the same. */
export async function withinTime<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1_000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
