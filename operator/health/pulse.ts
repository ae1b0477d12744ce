import type { Cancel, Clock } from "../clock.ts";

export type Pulse = {
  /** By how many ms the latest timer came late, or is late by now: what kept the event loop from anything else. */
  lateMs(): number;
  /** The last jump of the wall clock that was seen: by how many ms, and how many ms ago. Null for none. */
  jump(): { byMs: number; agoMs: number } | null;
  stop(): void;
};

const EVERY_MS = 1_000;
/** Time servers move a clock by less than this within a second. */
const JUMP_MS = 1_000;

/** Looks at the event loop and the clocks once a second. */
export function startPulse(clock: Clock): Pulse {
  const offset = (): number => clock.wall() - clock.now();
  let due = clock.now() + EVERY_MS;
  let lateMs = 0;
  let known = offset();
  let jump: { byMs: number; at: number } | null = null;
  let cancel: Cancel;
  const next = (): void => {
    due = clock.now() + EVERY_MS;
    cancel = clock.after(EVERY_MS, () => {
      lateMs = Math.max(0, clock.now() - due);
      const seen = offset();
      if (Math.abs(seen - known) > JUMP_MS) jump = { byMs: seen - known, at: clock.now() };
      known = seen;
      next();
    });
  };
  next();
  return {
    lateMs: () => Math.max(lateMs, clock.now() - due),
    jump: () => (jump === null ? null : { byMs: jump.byMs, agoMs: clock.now() - jump.at }),
    stop: () => cancel(),
  };
}
