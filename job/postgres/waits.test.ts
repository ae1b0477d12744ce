import { expect, test } from "vitest";
import { sampleInterval } from "./waits.ts";

test.each<[string, number, number]>([
  ["no lock timeout", 0, 250],
  ["a long one", 5_000, 250],
  ["one second", 1_000, 250],
  ["a quarter of a short one", 100, 25],
  ["a very short one", 20, 10],
  ["the shortest", 1, 10],
])("%s: a waiting backend is looked at often enough to see its wait", (_, lockTimeoutMs, interval) => {
  expect(sampleInterval(lockTimeoutMs)).toBe(interval);
});
