import type { Clock } from "./clock.ts";

/** A clock whose wall time is the API server's, as far as its answers tell. */
export type ClusterClock = Clock & {
  /** An answer's `Date` header, and the clock's `now()` before it was asked for. */
  heard(date: string | undefined, askedAt: number): void;
};

/** The header has whole seconds. */
const SECOND = 1_000;
/** Less than this nobody needs to be told of, ms. */
const NOTABLE_MS = 5_000;

/**
 * The local clock, put right where it is proved wrong: times in status are compared with those that the cluster wrote, and
 * an operator whose own clock is minutes off would retry too early or too late, and take a new Job for an old one. An
 * answer's date bounds what the server's clock can be; the wall time moves only as far as these bounds demand, so that a
 * right clock is left alone. `onOff` is told when it is off by 5 s more or less than was told before. `now()` and timers
 * are the local ones.
 */
export function clusterClock(local: Clock, onOff: (ms: number) => void = () => undefined): ClusterClock {
  let off = 0;
  let told = 0;
  return {
    ...local,
    wall: () => local.wall() + off,
    heard(date, askedAt) {
      const at = Date.parse(date ?? "");
      if (Number.isNaN(at)) return;
      const arrived = local.wall();
      const least = at - arrived;
      const most = at + SECOND - (arrived - (local.now() - askedAt));
      off = Math.round(Math.min(Math.max(off, least), most));
      if (Math.abs(off - told) < NOTABLE_MS) return;
      told = off;
      onOff(off);
    },
  };
}
