import type { Cancel, Clock } from "../clock.ts";
import { fold } from "./fold.ts";
import { mayMatter, parseLine } from "./parse.ts";
import type { Progress } from "./progress.ts";

const EVERY_MS = 1_000;

/**
 * Keeps the newest line that can matter, and reads it at most once a second: of thousands in a second one is parsed.
 * That is enough because each says all that is to be known (fold.ts). `tell` gets what came of it if it changed.
 */
export function newestOf(first: Progress, tell: (progress: Progress) => void, clock: Clock) {
  let progress = first;
  let held: string | null = null;
  let ended = false;
  let timer: Cancel | null = null;

  const read = (): void => {
    const event = held === null ? null : parseLine(held, first.runId);
    held = null;
    if (event === null) return;
    ended = event.event === "finished" || event.event === "failed";
    progress = fold(progress, event, clock.wall());
    tell(progress);
  };
  const tick = (): void => {
    timer = null;
    if (held === null) return;
    read();
    timer = clock.after(EVERY_MS, tick);
  };
  return {
    /** One line of the log. */
    line(raw: string): void {
      if (!mayMatter(raw, first.runId)) return;
      held = raw;
      if (timer === null) tick();
    },
    /** Whether the run's own last line was read. */
    ended(): boolean {
      read();
      return ended;
    },
    /** Reads what is left. */
    close(): void {
      timer?.();
      read();
    },
  };
}
