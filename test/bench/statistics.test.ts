import { expect, test } from "vitest";
import { median, percentile } from "./statistics.ts";

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

test("the median of an even number of values lies between the two in the middle", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test("of a hundred values the 99th percentile is the last but one, and of fewer the last", () => {
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile([7, 9, 8], 0.99)).toBe(9);
  expect(percentile([7], 0)).toBe(7);
});

test("no values have neither", () => {
  expect(() => median([])).toThrow("no value");
  expect(() => percentile([], 0.5)).toThrow("no value");
});
