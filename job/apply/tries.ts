import type { OnEvent, Step } from "../event.ts";
import type { ServerError } from "../postgres/sqlstate.ts";
import { SQLSTATE } from "../postgres/sqlstate.ts";
import type { Waits } from "../postgres/waits.ts";
import { blockedBy } from "../../contract/sentence.ts";
import { jittered, sleep } from "../sleep.ts";
import type { Location } from "../failure.ts";
import { lockFailure, relationInContext } from "./sql-failure.ts";
import type { TriedWait } from "./sql-failure.ts";
import type { Ledger, Task } from "./task.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** How long a message waited for locks: what was seen, and the whole time-out where that ended it. */
export function addWaits(ledger: Ledger, waits: Waits, error: Error | null, lockTimeoutMs: number): number {
  const timedOut = error !== null && "code" in error && error.code === SQLSTATE.lockNotAvailable;
  const waited = waits.totalMs + (timedOut ? Math.max(0, lockTimeoutMs - waits.lastMs) : 0);
  ledger.lockWaitMs += waited;
  return waited;
}

/**
 * Counts a migration's tries. A lock time-out and a deadlock are tried again after a pause that doubles, jittered: many
 * short waits disturb others less than one long one, because everything queues behind a waiting ALTER TABLE.
 */
export function countTries(task: Task, retries: number, onEvent: OnEvent) {
  const wait: TriedWait = { waitedMs: 0, relation: null, blockers: [], tries: 0 };
  let pauseMs = 0;
  return {
    /** Throws the lock failure when the tries are used up; otherwise the next `pause` waits. */
    failed(error: ServerError, waits: Waits, waitedMs: number, location: Location, step: Step): void {
      wait.tries++;
      wait.waitedMs += waitedMs;
      wait.relation = waits.relation ?? relationInContext(error) ?? wait.relation;
      if (waits.blockers.length > 0) wait.blockers = waits.blockers;
      if (wait.tries > retries) throw lockFailure(task, error, wait, location);
      pauseMs = jittered(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (wait.tries - 1)));
      const reason = blockedBy(waits.blockers) || error.message;
      const delayMs = Math.round(pauseMs);
      onEvent({ type: "retrying", ...step, attempt: wait.tries, of: retries, delayMs, code: error.code, reason });
    },
    async pause(signal: AbortSignal): Promise<void> {
      if (pauseMs > 0) await sleep(pauseMs, signal);
      pauseMs = 0;
    },
  };
}

export type Tries = ReturnType<typeof countTries>;
