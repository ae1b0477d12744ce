import type { Summary } from "./summary.ts";

/** What the project set out to reach, and what this run showed. `reached` is null where it wasn't measured. */
export type Aim = { aim: string; measured: string; reached: boolean | null };

/** What is measured in numbers: judged and shown with the same rounding, so that the table never contradicts itself. */
export type Judged = { aim: string; value: number | null; digits: number; unit: string; most?: number; least?: number };

const megabytes = (bytes: number | undefined): number | null => (bytes === undefined ? null : bytes / 1e6);

/** The number of resources in the burst that is measured against the floor. */
export const BURST = 500;
/** The least number of resources that the cost of many is compared with. */
export const FEW = 50;

/** The aims of the operator, judged from one run's numbers. */
export function aims({ floorPerSecond, bursts, alone, many, empty }: Summary): Aim[] {
  const burst = bursts.find(({ count }) => count === BURST);
  const costs = [...bursts, ...(many === null ? [] : [many.last])].map(({ cpuMsEach }) => cpuMsEach);
  const few = bursts.find(({ count }) => count === FEW)?.cpuMsEach;
  const most = many?.last.cpuMsEach;
  const judged: Judged[] = [
    {
      aim: `a burst of ${BURST}: at least a quarter of the floor's Jobs a second`,
      value: floorPerSecond === null || burst === undefined ? null : burst.perSecond.median / floorPerSecond,
      ...{ digits: 2, unit: "", least: 0.25 },
    },
    {
      aim: `a burst of ${BURST}: from create to Job, p99, at most 2 s`,
      ...{ value: burst?.toJob.p99 ?? null, digits: 0, unit: " ms", most: 2_000 },
    },
    {
      aim: "one at a time: from create to Job, p99, at most 25 ms",
      ...{ value: alone?.p99 ?? null, digits: 1, unit: " ms", most: 25 },
    },
    {
      aim: "one at a time with 5,000 others: the same",
      ...{ value: many?.oneByOne.p99 ?? null, digits: 1, unit: " ms", most: 25 },
    },
    {
      aim: "from the event of a container's end to the condition, p99, at most 50 ms",
      ...{ value: many?.toCondition.p99 ?? null, digits: 1, unit: " ms", most: 50 },
    },
    {
      aim: "CPU from a resource to its Job: at most 3 ms, in any burst",
      ...{ value: costs.length === 0 ? null : Math.max(...costs), digits: 1, unit: " ms", most: 3 },
    },
    {
      aim: "the same CPU beside nearly 5,000 others as for one of 50: at most 1.2 times",
      value: few === undefined || most === undefined ? null : most / few,
      ...{ digits: 2, unit: "", most: 1.2 },
    },
    {
      aim: "two writes a resource until its Job is there",
      ...{ value: burst?.writesEach ?? null, digits: 2, unit: "", most: 2 },
    },
    {
      aim: "resident without a resource: at most 85 MB",
      ...{ value: megabytes(empty?.residentBytes.median), digits: 0, unit: " MB", most: 85 },
    },
    {
      aim: "resident with 5,000 resources: at most 130 MB",
      ...{ value: megabytes(many?.residentBytes), digits: 0, unit: " MB", most: 130 },
    },
    { aim: "ready in 1 s", value: empty?.readyMs.median ?? null, digits: 0, unit: " ms", most: 1_000 },
    { aim: "a re-list of 5,000 in 1 s", value: many?.relistMs.median ?? null, digits: 0, unit: " ms", most: 1_000 },
    {
      aim: "at rest without a resource: next to no CPU, at most 1 % of a core",
      ...{ value: empty === null ? null : empty.restCores * 100, digits: 2, unit: " %", most: 1 },
    },
    {
      aim: "at rest with 5,000 resources: next to no CPU, at most 1 % of a core",
      ...{ value: many === null ? null : many.restCores * 100, digits: 2, unit: " %", most: 1 },
    },
  ];
  return judged.map(judge);
}

export function judge({ aim, value, digits, unit, most = Infinity, least = -Infinity }: Judged): Aim {
  if (value === null) return { aim, measured: "not measured", reached: null };
  const shown = value.toFixed(digits);
  return { aim, measured: `${shown}${unit}`, reached: Number(shown) <= most && Number(shown) >= least };
}
