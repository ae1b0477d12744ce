import { FLOOR } from "./contenders.ts";
import type { Contender } from "./contenders.ts";
import type { Memory } from "./memory.ts";
import type { Lap } from "./race.ts";
import { median } from "../statistics.ts";
import type { NoOpStart } from "./start.ts";

export type Row = {
  id: string;
  label: string;
  transactions: string;
  /** By added round trip, ms. */
  medianMs: Record<number, number>;
  rangeMs: Record<number, [number, number]>;
  /** By added round trip: the median of what each run took of the floor's time in the same round; none without a floor. */
  timesFloor: Record<number, number>;
  /** Of a whole run; null where no run went through the proxy. */
  roundTrips: number | null;
};

export type Summary = {
  rows: Row[];
  noOp: { nodeMs: number; lockkeeperMs: number } | null;
  memory: Memory | null;
};

const rowOf = ({ id, label, transactions }: Contender, laps: readonly Lap[]): Row => {
  const own = laps.filter((lap) => lap.contender === id);
  const row: Row = { id, label, transactions, medianMs: {}, rangeMs: {}, timesFloor: {}, roundTrips: null };
  for (const delay of new Set(own.map(({ delayMs }) => delayMs))) {
    const these = own.filter(({ delayMs }) => delayMs === delay);
    const times = these.map(({ elapsedMs }) => elapsedMs);
    const ratios = these.flatMap(({ run, elapsedMs }) => {
      const floor = laps.find((lap) => lap.contender === FLOOR && lap.delayMs === delay && lap.run === run);
      return floor === undefined ? [] : elapsedMs / floor.elapsedMs;
    });
    if (ratios.length > 0) row.timesFloor[delay] = median(ratios);
    row.medianMs[delay] = median(times);
    row.rangeMs[delay] = [Math.min(...times), Math.max(...times)];
  }
  const counted = own.flatMap(({ roundTrips }) => roundTrips ?? []);
  if (counted.length > 0) row.roundTrips = median(counted);
  return row;
};

/** Medians and ranges of one benchmark's raw numbers. */
export const summarize = (
  contenders: readonly Contender[],
  laps: readonly Lap[],
  noOp: NoOpStart | null,
  memory: Memory | null,
): Summary => ({
  rows: contenders.map((contender) => rowOf(contender, laps)),
  noOp: noOp === null ? null : { nodeMs: median(noOp.nodeMs), lockkeeperMs: median(noOp.lockkeeperMs) },
  memory,
});
