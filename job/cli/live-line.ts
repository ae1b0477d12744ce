import { stripVTControlCharacters } from "node:util";
import type { OnEvent } from "../event.ts";
import type { Host } from "./host.ts";
import type { Printer } from "./printer.ts";
import { advance, idle, progressLine } from "./progress.ts";

export type LiveLine = { onEvent: OnEvent; clear(): void; close(): void };

const ERASE = "\r\u001B[2K";
const EVERY_MS = 200;

/** One line at the terminal's foot that tells what goes on, drawn again five times a second while time passes. */
export function liveLine(host: Host, print: Printer): LiveLine {
  let progress = idle(host.now().getTime());
  let drawn = "";
  const draw = (): void => {
    const text = fit(progressLine(progress, host.now().getTime()), (host.err.columns || 80) - 1);
    if (text === drawn) return;
    print.err(`${ERASE}${text}`);
    drawn = text;
  };
  const clear = (): void => {
    if (drawn !== "") print.err(ERASE);
    drawn = "";
  };
  const timer = setInterval(draw, EVERY_MS);
  // The line must not keep a finished command alive.
  timer.unref();
  return {
    // Drawn by the timer only: a thousand small migrations would be a thousand lines to a slow terminal.
    onEvent: (event) => void (progress = advance(progress, event, host.now().getTime())),
    clear,
    close() {
      clearInterval(timer);
      clear();
    },
  };
}

/** A migration's name or an application's may hold control characters: they'd move the cursor. */
function fit(text: string, columns: number): string {
  const plain = stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, " ");
  return plain.length <= columns ? plain : `${plain.slice(0, Math.max(0, columns - 1))}…`;
}
