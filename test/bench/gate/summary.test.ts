import { expect, test } from "vitest";
import { aims, summarize } from "./summary.ts";

const many = (perSecond: number) => [{ count: 1_000, perSecond, cpuMsEach: 1 }];

test("aims are reached at their very limit, and missed beyond it", () => {
  const reached = summarize({ releases: [50, 100], proved: [25], floor: [1_000], many: many(900) });
  expect(aims(reached).map((aim) => aim.reached)).toEqual([true, true, true]);
  const missed = summarize({ releases: [50, 100.1], proved: [25.1], floor: [1_000], many: many(890) });
  expect(aims(missed).map((aim) => aim.reached)).toEqual([false, false, false]);
});
