import { median, percentile } from "../statistics.ts";
import { FLOOR_IN_FLIGHT } from "./create.ts";
import type { Burst, FloorLap, WritesLap } from "./create.ts";
import type { Lists, Rest, Starts } from "./start.ts";

/** One benchmark's raw numbers; null or empty where it was left out. */
export type Measured = {
  empty: Starts | null;
  /** By round, as they came. */
  floor: FloorLap[];
  writes: WritesLap[];
  bursts: Burst[];
  alone: number[];
  writesAlone: number[];
  /** With many others there. */
  many: {
    /** Of which each ended its runs before the next one began; the last one made the number full. */
    bursts: Burst[];
    /** By burst, of its runs' ends, ms. */
    endsCpuMs: number[];
    oneByOne: number[];
    writesOneByOne: number[];
    toConditionMs: number[];
    residentBytes: number;
    peakBytes: number;
    rest: Rest;
    starts: Starts;
    lists: Lists;
  } | null;
};

export type Spread = { median: number; least: number; most: number };
export type Latency = { count: number; p50: number; p99: number; most: number };

export const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  least: Math.min(...values),
  most: Math.max(...values),
});

export const latencyOf = (values: readonly number[]): Latency => ({
  count: values.length,
  p50: percentile(values, 0.5),
  p99: percentile(values, 0.99),
  most: Math.max(...values),
});

export type Summary = {
  /** Jobs a second by requests in flight. */
  floor: { inFlight: number; perSecond: Spread }[];
  /** Of these the fastest. */
  floorPerSecond: number | null;
  /** Resources a second by a plain client that makes the same writes. */
  writesPerSecond: Spread | null;
  /** By number of resources in the burst, the smallest first. `writesEach`: of statuses and Jobs, without events. */
  bursts: { count: number; rounds: number; perSecond: Spread; toJob: Latency; cpuMsEach: number; writesEach: number }[];
  alone: Latency | null;
  writesAlone: Latency | null;
  many: {
    count: number;
    /** Of the last burst, when nearly all were there. */
    last: { perSecond: number; toJob: Latency; cpuMsEach: number };
    oneByOne: Latency;
    writesOneByOne: Latency;
    toCondition: Latency;
    endsCpuMsEach: number;
    residentBytes: number;
    peakBytes: number;
    restCores: number;
    readyMs: Spread;
    restartedBytes: number;
    restartedPeakBytes: number;
    relistMs: Spread;
    plainListMs: Spread;
    lists: Omit<Lists, "relistMs" | "plainMs">;
  } | null;
  empty: { readyMs: Spread; residentBytes: Spread; restCores: number } | null;
};

/** Medians, spreads and percentiles of the raw numbers. */
export function summarize({ empty, floor, writes, bursts, alone, writesAlone, many }: Measured): Summary {
  const floors = FLOOR_IN_FLIGHT.map((inFlight) => floor.filter((lap) => lap.inFlight === inFlight))
    .filter((laps) => laps.length > 0)
    .map((laps) => ({
      inFlight: laps[0]?.inFlight ?? 0,
      perSecond: spreadOf(laps.map(({ perSecond }) => perSecond)),
    }));
  const counts = [...new Set(bursts.map(({ count }) => count))].toSorted((a, b) => a - b);
  return {
    floor: floors,
    floorPerSecond: floors.length === 0 ? null : Math.max(...floors.map(({ perSecond }) => perSecond.median)),
    writesPerSecond: writes.length === 0 ? null : spreadOf(writes.map(({ perSecond }) => perSecond)),
    bursts: counts.map((count) => {
      const own = bursts.filter((burst) => burst.count === count);
      const cpuMs = own.reduce((sum, burst) => sum + burst.cpuMs, 0);
      const written = own.reduce((sum, { requests }) => sum + requests.status + requests.jobs, 0);
      return {
        ...{ count, rounds: own.length, perSecond: spreadOf(own.map(({ perSecond }) => perSecond)) },
        toJob: latencyOf(own.flatMap(({ toJobMs }) => toJobMs)),
        cpuMsEach: cpuMs / (count * own.length),
        writesEach: written / (count * own.length),
      };
    }),
    alone: alone.length === 0 ? null : latencyOf(alone),
    writesAlone: writesAlone.length === 0 ? null : latencyOf(writesAlone),
    many: many === null ? null : summarizeMany(many),
    empty: empty === null ? null : summarizeEmpty(empty),
  };
}

const summarizeEmpty = ({ readyMs, residentBytes, rest }: Starts): NonNullable<Summary["empty"]> => ({
  ...{ readyMs: spreadOf(readyMs), residentBytes: spreadOf(residentBytes), restCores: coresOf(rest) },
});

const coresOf = ({ cpuMs, ms }: Rest): number => cpuMs / ms;

function summarizeMany(many: NonNullable<Measured["many"]>): NonNullable<Summary["many"]> {
  const { relistMs, plainMs, ...lists } = many.lists;
  const last = many.bursts.at(-1);
  if (last === undefined) throw new Error("no burst of the many");
  const count = many.bursts.reduce((sum, burst) => sum + burst.count, 0);
  return {
    count,
    last: { perSecond: last.perSecond, toJob: latencyOf(last.toJobMs), cpuMsEach: last.cpuMs / last.count },
    oneByOne: latencyOf(many.oneByOne),
    writesOneByOne: latencyOf(many.writesOneByOne),
    toCondition: latencyOf(many.toConditionMs),
    endsCpuMsEach: many.endsCpuMs.reduce((sum, cpuMs) => sum + cpuMs, 0) / count,
    residentBytes: many.residentBytes,
    peakBytes: many.peakBytes,
    restCores: coresOf(many.rest),
    readyMs: spreadOf(many.starts.readyMs),
    restartedBytes: Math.max(...many.starts.residentBytes),
    restartedPeakBytes: many.starts.peakBytes,
    relistMs: spreadOf(relistMs),
    plainListMs: spreadOf(plainMs),
    lists,
  };
}
