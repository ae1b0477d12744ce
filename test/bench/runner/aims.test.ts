import { expect, test } from "vitest";
import { aims } from "./aims.ts";
import type { Row, Summary } from "./summary.ts";

const row = (id: string, ms: number): Row => ({
  id,
  label: id,
  transactions: "",
  medianMs: { 0: 1, 5: ms },
  rangeMs: {},
  timesFloor: { 5: ms / 1_000 },
  roundTrips: null,
});

const summary = (one: number, batched: number): Summary => ({
  rows: [
    row("psql", 1_000),
    row("goose", 3_000),
    row("umzug", 4_000),
    row("lockkeeper-one", one),
    row("lockkeeper", batched),
  ],
  noOp: { nodeMs: 50, lockkeeperMs: 150 },
  memory: { emptyNode: 0, small: 80e6, many: 100e6, large: 156e6, largeFileBytes: 50e6 },
});

test("aims are reached at their very limit", () => {
  const judged = aims(summary(1_100, 300));
  expect(judged.map(({ measured }) => measured)).toEqual(["1.10", "0.30", "10.0", "3.00", "100 MB", "1.52"]);
  expect(judged.map(({ reached }) => reached)).toEqual([true, true, true, true, true, false]);
});

test("the best of the others, not the floor, is what the lead is measured against", () => {
  expect(aims(summary(1_200, 600))[2]).toMatchObject({ measured: "5.0", reached: false });
});

test("what was not measured is neither reached nor missed", () => {
  const judged = aims({ rows: [row("psql", 1_000)], noOp: null, memory: null });
  expect(judged.map(({ reached }) => reached)).toEqual(Array.from({ length: 6 }, () => null));
});
