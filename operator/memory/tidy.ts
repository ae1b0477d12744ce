import type { Cancel, Clock } from "../clock.ts";

/** What this process says of itself, and how it is told to collect what nobody uses any more. */
export type Heap = {
  usedBytes(): number;
  /** User and system time so far. */
  cpuMs(): number;
  /** Collects all of it and gives its memory back; nothing else is done meanwhile. */
  collect(): void;
};

const EVERY_MS = 5_000;
/** At rest it works less than so much of the time. */
const REST_SHARE = 0.05;
/** Less than this more than after the last time isn't worth a pause. */
const GROWN = 1.2;
const GROWN_BYTES = 4 * 2 ** 20;

/**
 * Collects at rest what work has left behind. V8 collects while memory is asked for: after a list of thousands, or a burst, it
 * keeps two to three times what is in use for as long as nothing happens. By its own flag for that, `--optimize-for-size`, it
 * collects all the time, and a resource takes a fifth more CPU (docs/decisions/013-operator-bundle.md).
 */
export function startTidy(clock: Pick<Clock, "now" | "after">, heap: Heap): Disposable {
  let cancel: Cancel;
  let keptBytes = 0;
  let before = { at: clock.now(), cpuMs: heap.cpuMs() };
  const look = (): void => {
    const now = { at: clock.now(), cpuMs: heap.cpuMs() };
    const isAtRest = now.cpuMs - before.cpuMs < REST_SHARE * (now.at - before.at);
    if (isAtRest && heap.usedBytes() > Math.max(keptBytes * GROWN, keptBytes + GROWN_BYTES)) {
      heap.collect();
      keptBytes = heap.usedBytes();
    }
    // What collecting took isn't work.
    before = { at: clock.now(), cpuMs: heap.cpuMs() };
    cancel = clock.after(EVERY_MS, look);
  };
  cancel = clock.after(EVERY_MS, look);
  return { [Symbol.dispose]: () => cancel() };
}

/** This process's own; null where Node was started without `--expose-gc`. */
export function ownHeap(): Heap | null {
  const { gc } = globalThis;
  if (gc === undefined) return null;
  return {
    usedBytes: () => process.memoryUsage().heapUsed,
    cpuMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    // The only kind that gives pages back.
    collect: () => gc({ type: "major", execution: "sync", flavor: "last-resort" }),
  };
}
