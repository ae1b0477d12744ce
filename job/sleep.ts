import { setTimeout as delay } from "node:timers/promises";

/** Waits `ms`, or until the signal is aborted: then it returns at once. It never rejects; look at the signal. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** Between half of `ms` and `ms`: so that runners that failed together don't try again together. */
export const jittered = (ms: number): number => ms / 2 + Math.random() * (ms / 2);
