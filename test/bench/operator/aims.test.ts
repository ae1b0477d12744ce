import { expect, test } from "vitest";
import { aims } from "./aims.ts";
import { latencyOf, spreadOf } from "./summary.ts";
import type { Summary } from "./summary.ts";

const lists = { resources: 5_000, jobs: 5_000, pods: 5_000, bytes: 1e6 };

/** A run that reaches every aim by a hair. */
const summary = (): Summary => ({
  floor: [{ inFlight: 16, perSecond: spreadOf([1_000]) }],
  floorPerSecond: 1_000,
  writesPerSecond: null,
  writesAlone: null,
  bursts: [
    { count: 50, rounds: 5, perSecond: spreadOf([100]), toJob: latencyOf([100]), cpuMsEach: 2.5, writesEach: 2 },
    {
      count: 500,
      rounds: 5,
      perSecond: spreadOf([200, 250, 900]),
      toJob: latencyOf([1, 2_000]),
      cpuMsEach: 2,
      writesEach: 2,
    },
  ],
  alone: latencyOf([10, 25]),
  many: {
    last: { perSecond: 200, toJob: latencyOf([9_000]), cpuMsEach: 3 },
    ...{
      count: 5_000,
      oneByOne: latencyOf([25]),
      writesOneByOne: latencyOf([20]),
      toCondition: latencyOf([50]),
      endsCpuMsEach: 1,
      residentBytes: 130e6,
      peakBytes: 200e6,
    },
    ...{
      restCores: 0.01,
      readyMs: spreadOf([2_000]),
      restartedBytes: 120e6,
      restartedPeakBytes: 200e6,
      relistMs: spreadOf([1_000]),
      plainListMs: spreadOf([900]),
      lists,
    },
  },
  empty: { readyMs: spreadOf([1_000]), residentBytes: spreadOf([85e6]), restCores: 0.01 },
});

test("aims are reached at their very limit", () => {
  const judged = aims(summary());
  expect(judged.filter(({ reached }) => reached !== true)).toEqual([]);
  expect(judged[0]?.measured).toBe("0.25");
});

test("what is judged is what is shown", () => {
  const near = summary();
  near.floorPerSecond = 1_018;
  expect(aims(near)[0]).toMatchObject({ measured: "0.25", reached: true });
  near.floorPerSecond = 1_030;
  expect(aims(near)[0]).toMatchObject({ measured: "0.24", reached: false });
});

test("one slow burst of any size misses the aim of CPU", () => {
  const slow = summary();
  for (const burst of slow.bursts) if (burst.count === 50) burst.cpuMsEach = 3.2;
  expect(aims(slow).filter(({ reached }) => reached === false)).toMatchObject([{ measured: "3.2 ms" }]);
});

test("what was not measured is neither reached nor missed", () => {
  const none = aims({
    floor: [],
    floorPerSecond: null,
    writesPerSecond: null,
    writesAlone: null,
    bursts: [],
    alone: null,
    many: null,
    empty: null,
  });
  expect(none.map(({ reached }) => reached)).toEqual(none.map(() => null));
});
