import { setTimeout as sleep } from "node:timers/promises";
import type { Blocker } from "../../contract/run.ts";
import type { LockWait } from "./blockers.ts";
import { lookAtWait } from "./blockers.ts";
import type { Queryable } from "./queryable.ts";

const LONGEST_INTERVAL_MS = 250;
const SHORTEST_INTERVAL_MS = 10;
const MOST_BLOCKERS = 10;
const PATIENCE_MS = 1_000;

/** How often a waiting backend is looked at: often enough to see a wait that ends in a short lock time-out. */
export const sampleInterval = (lockTimeoutMs: number): number =>
  lockTimeoutMs === 0
    ? LONGEST_INTERVAL_MS
    : Math.max(SHORTEST_INTERVAL_MS, Math.min(LONGEST_INTERVAL_MS, Math.floor(lockTimeoutMs / 4)));

/** What was seen of a message's waits for locks. */
export type Waits = {
  /** The sum of its waits, ms. */
  totalMs: number;
  /** How long the last one took, as far as it was seen. */
  lastMs: number;
  relation: string | null;
  /** All who were seen in its way during the last wait: they differ from look to look. */
  blockers: Blocker[];
};

/**
 * Looks at backend `pid` every `intervalMs` until stopped, and tells `onWait` what it waits for. The first look comes after
 * one interval: a message that is quick costs nothing. A look that fails tells nothing; the migration goes on.
 */
export function watchWaits(db: Queryable, pid: number, intervalMs: number, onWait: (wait: LockWait) => void) {
  const lasted = new Map<string, number>();
  let seen = new Map<string, Blocker>();
  let last: LockWait | null = null;
  let ended = false;
  let stopped = false;
  let timer: NodeJS.Timeout;
  let looking = Promise.resolve();
  const look = async (): Promise<void> => {
    const wait = await lookAtWait(db, pid).catch(() => null);
    if (stopped) return;
    if (wait !== null) {
      if (wait.since !== last?.since) seen = new Map();
      for (const blocker of wait.blockers) {
        if (seen.size < MOST_BLOCKERS) seen.set(`${blocker.pid} ${blocker.preparedTransaction ?? ""}`, blocker);
      }
      last = wait;
      lasted.set(wait.since, wait.waitedMs);
      onWait(wait);
    }
    if (!ended) timer = setTimeout(lookNow, intervalMs);
  };
  const lookNow = (): void => void (looking = look());
  timer = setTimeout(lookNow, intervalMs);
  return {
    /** A wait that failed may be just what a look that is under way has seen: `patient` waits for its answer. */
    async stop(patient: boolean): Promise<Waits> {
      ended = true;
      clearTimeout(timer);
      if (patient) await Promise.race([looking, sleep(PATIENCE_MS, undefined, { ref: false })]);
      stopped = true;
      const totalMs = [...lasted.values()].reduce((sum, ms) => sum + ms, 0);
      return { totalMs, lastMs: last?.waitedMs ?? 0, relation: last?.relation ?? null, blockers: [...seen.values()] };
    },
  };
}
