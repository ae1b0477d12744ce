/** What the operator knows of time. Given to whoever needs it, so that a test's hours take no time. */
export type Clock = {
  /** Monotonic milliseconds: the only time that anything is decided by. It goes on while the process is stopped. */
  now(): number;
  /** The wall clock's milliseconds since 1970: for people to read. It may be wrong, and it may jump. */
  wall(): number;
  /** Calls once, in `ms` from now or a little later. Gives what calls it off. */
  after(ms: number, action: () => void): Cancel;
  /** Calls once, after what has come in over the network was looked at. */
  soon(action: () => void): void;
};

export type Cancel = () => void;

/** Beyond this setTimeout fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real one. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, action) {
    const timer = setTimeout(action, Math.min(Math.max(Math.ceil(ms), 0), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
  soon: (action) => void setImmediate(action),
};

/** Waits `ms`, or until the signal is aborted: then it returns at once. It never rejects; look at the signal. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener("abort", end, { once: true });
  });
}

/** Resolves when the signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
