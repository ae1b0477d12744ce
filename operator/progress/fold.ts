import { formatDuration } from "../../contract/duration.ts";
import { describeBlocker } from "../../contract/sentence.ts";
import type { ProgressEvent } from "./parse.ts";
import type { Progress } from "./progress.ts";

/** A run of which nothing was read yet. */
export const begin = (runId: string): Progress => ({ runId, step: null, waiting: null });

/**
 * How far the run is after one more event. `now` is our clock in ms: a pod's clock that is ahead tells of nothing that
 * hasn't happened.
 *
 * Each event but `connecting` says all that is to be known, so that of many at once only the newest has to be read.
 */
export function fold(progress: Progress, event: ProgressEvent, now: number): Progress {
  const { runId } = progress;
  const at = Math.min(event.time, now);
  switch (event.event) {
    case "connecting":
      return { ...progress, waiting: { for: "database", reason: event.reason, since: sinceOf(progress, at) } };
    case "reconnecting":
      return { ...progress, waiting: { for: "database", reason: event.reason, since: at } };
    case "waiting-for-lock": {
      const waiting = { for: "runner" as const, holder: holderText(event.holder), since: at - event.waitedMs };
      return { runId, step: null, waiting };
    }
    case "migrating":
    case "migrated":
      return { runId, step: stepOf(event), waiting: null };
    case "blocked": {
      const { relation, blockers, waitedMs } = event;
      return { runId, step: stepOf(event), waiting: { for: "relation", relation, blockers, since: at - waitedMs } };
    }
    case "retrying": {
      const { attempt, of, reason, delayMs } = event;
      return { runId, step: stepOf(event), waiting: { for: "retry", attempt, of, reason, until: at + delayMs } };
    }
    case "connected":
    case "locked":
    case "finished":
    case "failed":
      return { ...progress, waiting: null };
  }
}

type Step = NonNullable<Progress["step"]>;
const stepOf = ({ migration, index, total }: Step): Step => ({ migration, index, total });

/** The database has been waited for since the first of its refusals. */
const sinceOf = ({ waiting }: Progress, at: number): number => (waiting?.for === "database" ? waiting.since : at);

/** `pid 812 (lockkeeper, active for 4m)`; "" where nobody was seen. */
function holderText(holder: Extract<ProgressEvent, { event: "waiting-for-lock" }>["holder"]): string {
  if (holder === null) return "";
  const transactionAge = holder.ageMs === null ? null : formatDuration(holder.ageMs);
  return describeBlocker({ ...holder, transactionAge, relation: null, mode: null, preparedTransaction: null });
}
