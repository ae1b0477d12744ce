import type { Host } from "./host.ts";

/** A host for tests, that keeps what is written, and whose clock is set by hand. */
export type FakeHost = Host & {
  /** All that was written to standard output, and to standard error. */
  written(): { out: string; err: string };
  pass(ms: number): void;
};

export type FakeHostOptions = { isTTY?: boolean; columns?: number; variables?: Host["variables"] };

/** `isTTY` and `columns` are those of standard error. */
export function fakeHost({ isTTY = false, columns = 80, variables = {} }: FakeHostOptions = {}): FakeHost {
  let [out, err, time] = ["", "", 0];
  return {
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text), isTTY, columns },
    variables,
    signal: new AbortController().signal,
    now: () => new Date(time),
    written: () => ({ out, err }),
    pass: (ms) => void (time += ms),
  };
}

/** What a terminal of endless width shows in the end: its lines, the last one being where the cursor stands. */
export function screen(written: string): string[] {
  return written.split("\n").map((line) => line.split("\r\u001B[2K").at(-1) ?? "");
}
