import { styleText } from "node:util";
import type { OnEvent, RunEvent } from "../event.ts";
import type { Failure } from "../failure.ts";
import type { RunResult } from "../result.ts";
import { failureText } from "./failure-text.ts";
import type { Host } from "./host.ts";
import { liveLine } from "./live-line.ts";
import { printable } from "../../contract/printable.ts";
import type { Printer } from "./printer.ts";
import { summary } from "./summary.ts";

/** How a command's events and its end are shown. */
export type Presenter = {
  onEvent: OnEvent;
  finished(result: RunResult): void;
  /** A failure without a result. */
  failed(failure: Failure): void;
  close(): void;
};

export type Style = "terminal" | "lines" | "text";

/**
 * On a terminal progress, and what was done. In a log JSON lines. Commands that only tell something (`status`, `plan`,
 * `unlock`) print nothing but warnings and failures besides what they tell.
 */
export function styleOf(host: Host, { tells, json }: { tells: boolean; json: boolean }): Style {
  if (host.err.isTTY === true && host.variables.TERM !== "dumb") return "terminal";
  return tells && !json ? "text" : "lines";
}

export async function presenter(
  style: Style,
  options: { host: Host; print: Printer; runId: string; json: boolean },
): Promise<Presenter> {
  const { host, print, runId, json } = options;
  if (style === "lines") {
    // pino is loaded only where its lines are wanted.
    const { runLogger } = await import("../log.ts");
    const log = runLogger((line) => (json ? print.err(line) : print.out(line)), runId, host.now);
    return {
      onEvent: log.event,
      finished: log.finished,
      failed: (failure) => log.failed(failure, failure.exitCode),
      close: () => undefined,
    };
  }
  const live = style === "terminal" ? liveLine(host, print) : null;
  const say = (text: string): void => {
    live?.clear();
    print.err(`${paint(printable(text))}\n`);
  };
  const colours = host.err.isTTY === true && !host.variables.NO_COLOR;
  const paint = (text: string): string => (colours ? text.replace(FIRST_WORD, painted) : text);
  return {
    onEvent(event) {
      const lasting = lastingText(event);
      if (lasting !== "") say(lasting);
      live?.onEvent(event);
    },
    finished(result) {
      live?.close();
      if (result.failure !== null) say(failureText(result.failure));
      if (json) return;
      if (result.exitCode === 0) print.out(`${printable(summary(result))}\n`);
      else say(summary(result));
    },
    failed(failure) {
      live?.close();
      say(failureText(failure));
    },
    close: () => live?.close(),
  };
}

/** What stays on the terminal when the live line has moved on. */
function lastingText(event: RunEvent): string {
  switch (event.type) {
    case "warning":
      return `warning: ${event.message}`;
    case "orphan-repaired":
      return `warning: run ${event.runId} died without finishing its row; it is FAILED now (ORPHANED)`;
    case "retrying":
      return `${event.migration}: ${event.reason}; trying again (${event.attempt} of ${event.of})`;
    case "reconnecting":
      return `the connection was lost: ${event.reason}`;
    default:
      return "";
  }
}

const FIRST_WORD = /^(?:warning|[A-Z]\w+)(?=[: ])/;
const painted = (word: string): string =>
  styleText(word === "warning" ? "yellow" : "red", word, { validateStream: false });
