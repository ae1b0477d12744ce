import type { Clock } from "./clock.ts";

export type FakeClock = Clock & {
  /**
   * Lets `ms` pass: every timer that falls due is called in its order, each after what the one before it began could go
   * on.
   */
  pass(ms: number): Promise<void>;
  /** Lets time go by as it does for a stopped process: no timer is called until the next `pass`. */
  freeze(ms: number): void;
  /** Sets the wall clock forward, or back. */
  jump(ms: number): void;
  /** How many timers are set. */
  timers(): number;
};

/** A clock that stands still until it is told to go on. */
export function fakeClock(start = 1_000): FakeClock {
  let now = start;
  let offset = Date.UTC(2026, 2, 1) - start;
  const timers = new Set<{ due: number; action: () => void }>();
  const settled = async (): Promise<void> => {
    // Promises that wait for one another need a turn each; setImmediate comes after all that are ready.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    now: () => now,
    wall: () => now + offset,
    after(ms, action) {
      const timer = { due: now + Math.max(ms, 0), action };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    soon: (action) => void setImmediate(action),
    async pass(ms) {
      const end = now + ms;
      for (await settled(); ; await settled()) {
        const next = [...timers].toSorted((a, b) => a.due - b.due)[0];
        if (next === undefined || next.due > end) break;
        timers.delete(next);
        now = Math.max(now, next.due);
        next.action();
      }
      now = Math.max(now, end);
    },
    freeze: (ms) => void (now += ms),
    jump: (ms) => void (offset += ms),
    timers: () => timers.size,
  };
}
