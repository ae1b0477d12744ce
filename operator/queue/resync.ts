import type { Worker } from "./queue.ts";

const RESYNC_MS = 5 * 60_000;
const JITTER = 0.2;

/**
 * The worker, called again for every key that still exists after 5 minutes at the latest, though nothing says that
 * something changed; up to a fifth earlier by `random` of 0 to 1, so that keys that began together don't stay together.
 */
export const withResync =
  (worker: Worker, exists: (key: string) => boolean, random: () => number = Math.random): Worker =>
  async (key) => {
    const againInMs = await worker(key);
    if (!exists(key)) return againInMs;
    return Math.min(againInMs ?? Infinity, RESYNC_MS * (1 - random() * JITTER));
  };
