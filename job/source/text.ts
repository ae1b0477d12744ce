import { isUtf8 } from "node:buffer";
import { refuse } from "./refuse.ts";

/** What PostgreSQL can't take: a NUL byte, or a line (from its offset on) that isn't UTF-8. */
export type Bad = { offset: number; nul: boolean };

export function findBad(text: Buffer): Bad | null {
  const nul = text.indexOf(0);
  const before = nul === -1 ? text : text.subarray(0, nul);
  if (isUtf8(before)) return nul === -1 ? null : { offset: nul, nul: true };
  // No character holds a newline's byte, so each line can be looked at on its own.
  for (let start = 0; ;) {
    const end = before.indexOf(10, start);
    const line = before.subarray(start, end === -1 ? before.length : end);
    if (end === -1 || !isUtf8(line)) return { offset: start, nul: false };
    start = end + 1;
  }
}

/** Where the last whole character ends: a chunk may cut one in two. */
export function lastWhole(text: Buffer): number {
  for (let back = 1; back <= Math.min(3, text.length); back++) {
    const byte = text[text.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return back < length ? text.length - back : text.length;
    }
  }
  return text.length;
}

export const refuseLine = (file: string, line: number, nul: boolean): Error =>
  refuse(
    { file, line },
    nul ? "holds a NUL byte, which PostgreSQL can't take" : "is not valid UTF-8",
    "Save it as UTF-8. A file that was saved as UTF-16 or Latin-1 looks like this.",
  );

export function countLines(text: Buffer): number {
  let lines = 1;
  for (const byte of text) if (byte === 10) lines++;
  return lines;
}
