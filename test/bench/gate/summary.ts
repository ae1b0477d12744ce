import { judge } from "../operator/aims.ts";
import type { Aim } from "../operator/aims.ts";
import { latencyOf, spreadOf } from "../operator/summary.ts";
import type { Latency, Spread } from "../operator/summary.ts";
import type { Rate } from "./measure.ts";

/** One benchmark's raw numbers; times in ms. */
export type Measured = {
  /** By release of ten pods: until its last gate was off. */
  releases: number[];
  /** By new pod of a proved release. */
  proved: number[];
  /** By round: patches a second. */
  floor: number[];
  /** By round. */
  many: Rate[];
};

export type Summary = {
  release: Latency;
  proved: Latency;
  floor: Spread;
  many: { count: number; perSecond: Spread; cpuMsEach: number };
};

export const summarize = ({ releases, proved, floor, many }: Measured): Summary => ({
  release: latencyOf(releases),
  proved: latencyOf(proved),
  floor: spreadOf(floor),
  many: {
    count: many[0]?.count ?? 0,
    perSecond: spreadOf(many.map(({ perSecond }) => perSecond)),
    cpuMsEach: many.reduce((sum, { cpuMsEach }) => sum + cpuMsEach, 0) / many.length,
  },
});

/** The aims of the gate, judged from one run's numbers. */
export const aims = ({ release, proved, floor, many }: Summary): Aim[] =>
  [
    {
      aim: "a release with 10 pods: from the event of its run's end to its last gate's, p99, at most 100 ms",
      ...{ value: release.p99, digits: 1, unit: " ms", most: 100 },
    },
    {
      aim: "a new pod of a proved release: from its own event to its gate's, p99, at most 25 ms",
      ...{ value: proved.p99, digits: 1, unit: " ms", most: 25 },
    },
    {
      aim: `${many.count} gated pods: opened at the rate at which the API server takes the same patches, at least 0.9 of it`,
      ...{ value: many.perSecond.median / floor.median, digits: 2, unit: "", least: 0.9 },
    },
  ].map(judge);
