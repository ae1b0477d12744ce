import { formatDuration } from "../../contract/duration.ts";
import { redact } from "../../contract/redact.ts";
import type { Reason } from "../../contract/resource/reason.ts";
import { blockedBy } from "../../contract/sentence.ts";
import type { Progress } from "./progress.ts";

/** Of a condition's 2,048 characters. */
const LONGEST = 1_024;

export type ProgressSentence = { reason: Extract<Reason, "Running" | "WaitingForLock">; message: string };

/**
 * What the condition says while a run is on: `3 of 12: 0007_add_sets`, and what it waits for. `now` in ms.
 */
export function progressSentence({ step, waiting }: Progress, now: number): ProgressSentence {
  const place = step === null ? "" : `${step.index} of ${step.total}: ${step.migration}`;
  const wait = waiting === null ? "" : waitingText(waiting, now);
  const message = [place, wait].filter((part) => part !== "").join("; ") || "no migration has begun yet";
  const reason = waiting === null || waiting.for === "database" ? "Running" : "WaitingForLock";
  // A URL in a driver's message, or in what an application prints as if it were the runner.
  return { reason, message: redact(message, []).slice(0, LONGEST).toWellFormed() };
}

function waitingText(waiting: NonNullable<Progress["waiting"]>, now: number): string {
  switch (waiting.for) {
    case "database":
      return `waiting for the database: ${waiting.reason}`;
    case "runner":
      return `waiting ${seconds(now - waiting.since)} for another runner${waiting.holder && `: ${waiting.holder}`}`;
    case "relation": {
      const whom = blockedBy(waiting.blockers);
      return `waiting ${seconds(now - waiting.since)} for ${waiting.relation ?? "a lock"}${whom && `, ${whom}`}`;
    }
    case "retry": {
      const when = waiting.until > now ? `in ${seconds(waiting.until - now)}` : "now";
      return `try ${waiting.attempt + 1} of ${waiting.of + 1} ${when}: ${waiting.reason}`;
    }
  }
}

/** Whole seconds: the condition is written at most once a second. */
const seconds = (ms: number): string => formatDuration(Math.max(1_000, Math.floor(ms / 1_000) * 1_000));
