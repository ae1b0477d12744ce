import { printer, line } from "./printer.ts";
import type { Host } from "./host.ts";

/** What goes on while a command waits. */
export type Progress = {
  /** How it stands now. The same as before isn't told again. */
  state(text: string): void;
  /** Something that stays to be read. */
  note(text: string): void;
  close(): void;
};

const ERASE = "\r\u001B[2K";
/** Of a log's lines that differ in a time only, one in so many ms is written. */
const SAME_MS = 15_000;

/** On a terminal a line that is overwritten; elsewhere a line with a time for each change. */
export function progressOf(host: Host): Progress {
  return host.err.isTTY === true && host.variables["TERM"] !== "dumb" ? live(host) : log(host);
}

function live(host: Host): Progress {
  const print = printer(host);
  let text = "";
  let isDrawn = false;
  const clear = (): void => {
    if (isDrawn) host.err.write(ERASE);
    isDrawn = false;
  };
  const draw = (): void => {
    clear();
    const columns = (host.err.columns || 80) - 1;
    host.err.write(text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`);
    isDrawn = true;
  };
  return {
    state(next) {
      if (line(next) === text && isDrawn) return;
      text = line(next);
      draw();
    },
    note(told) {
      clear();
      print.err(told);
      if (text !== "") draw();
    },
    close: clear,
  };
}

function log(host: Host): Progress {
  const print = printer(host);
  let last = { text: "", at: -Infinity };
  const write = (text: string): void => print.err(`${new Date(host.wall()).toISOString().slice(0, 19)}Z ${line(text)}`);
  return {
    state(text) {
      const isSame = withoutTimes(text) === withoutTimes(last.text);
      if (text === last.text || (isSame && host.now() - last.at < SAME_MS)) return;
      last = { text, at: host.now() };
      write(text);
    },
    note: write,
    close: () => undefined,
  };
}

/** `waiting 4 s for public.workouts` is the same a second later. */
const withoutTimes = (text: string): string => text.replaceAll(/\b\d+(?:\.\d+)? ?(?:ms|s|m|h|d)\b/g, "#");
