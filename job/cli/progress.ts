import { formatDuration } from "../../contract/duration.ts";
import { blockedBy } from "../../contract/sentence.ts";
import type { RunEvent, Step } from "../event.ts";
import { holderText } from "./holder-text.ts";

/** What the live line shows: what goes on, since when (ms), and what it waits for. */
export type Progress = { step: Step | null; doing: string; since: number; waiting: string; waitingSince: number };

export const idle = (now: number): Progress => ({
  step: null,
  doing: "connecting",
  since: now,
  waiting: "",
  waitingSince: now,
});

/** The next state after an event; `now` in ms. */
export function advance(progress: Progress, event: RunEvent, now: number): Progress {
  const doing = (text: string, waiting = ""): Progress => ({
    step: null,
    doing: text,
    since: now,
    waiting,
    waitingSince: now,
  });
  switch (event.type) {
    case "connecting":
      return { ...doing("connecting", event.reason), since: progress.doing === "connecting" ? progress.since : now };
    case "reconnecting":
      return doing("connecting again", event.reason);
    case "connected":
      return doing("taking the lock");
    case "waiting-for-lock": {
      const held = event.holder === null ? "" : `held by ${holderText(event.holder)}`;
      return { ...doing("waiting for the lock", held), since: now - event.waitedMs };
    }
    case "locked":
      return doing("making the plan");
    case "migrating":
      return {
        step: step(event),
        doing: event.migration,
        since: sinceOf(progress, event, now),
        waiting: "",
        waitingSince: now,
      };
    case "blocked": {
      const whom = blockedBy(event.blockers);
      const waiting = `for ${event.relation ?? "a lock"}${whom === "" ? "" : `, ${whom}`}`;
      const since = sinceOf(progress, event, now - event.waitedMs);
      return { step: step(event), doing: event.migration, since, waiting, waitingSince: now - event.waitedMs };
    }
    case "retrying": {
      const since = sinceOf(progress, event, now);
      const waiting = `before try ${event.attempt + 1} of ${event.of + 1}`;
      return { step: step(event), doing: event.migration, since, waiting, waitingSince: now };
    }
    case "cancelling":
      return { ...progress, waiting: "", doing: `${progress.doing}  stopping (${event.reason})` };
    case "planned":
    case "migrated":
    case "reverted":
    case "orphan-repaired":
    case "warning":
      return progress;
  }
}

const step = ({ migration, index, total }: Step): Step => ({ migration, index, total });
/** A migration's time goes on through its tries. */
const sinceOf = ({ step: at, since }: Progress, next: Step, otherwise: number): number =>
  at !== null && at.index === next.index && at.migration === next.migration ? since : otherwise;

/** `3 of 12  0007_add_sets  4 s  waiting 2 s for public.workouts, blocked by pid 812 (web)`. */
export function progressLine(progress: Progress, now: number): string {
  const parts = [
    progress.step === null ? "" : `${progress.step.index} of ${progress.step.total}`,
    progress.doing,
    seconds(now - progress.since),
    waitingText(progress, now),
  ];
  return parts.filter((part) => part !== "").join("  ");
}

function waitingText({ step: at, waiting, waitingSince }: Progress, now: number): string {
  if (waiting === "" || at === null) return waiting;
  return `waiting ${seconds(now - waitingSince)} ${waiting}`;
}

/** Whole seconds: a line that changes with every tenth can't be read. */
const seconds = (ms: number): string => (ms < 60_000 ? `${Math.floor(Math.max(0, ms) / 1_000)} s` : formatDuration(ms));
