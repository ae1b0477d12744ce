import { expect, it } from "vitest";
import { between, pauseAfter } from "./timing.ts";
import { compareVersions } from "./version.ts";

it("pauses double up to the longest, and are up to a half shorter by chance", () => {
  const pauses = [1, 2, 3, 7, 100].map((failures) => pauseAfter(failures, [500, 30_000], 0));
  expect(pauses).toEqual([500, 1_000, 2_000, 30_000, 30_000]);
  expect(pauseAfter(2, [500, 30_000], 1)).toBe(500);
  expect([between([300, 600], 0), between([300, 600], 1)]).toEqual([300, 600]);
});

it("versions are compared as the decimal numbers that they are, and otherwise not at all", () => {
  const sign = (a: string, b: string) => {
    const order = compareVersions(a, b);
    return order === null ? null : Math.sign(order);
  };
  expect([sign("9", "10"), sign("10", "9"), sign("10", "10"), sign("19", "18"), sign("0", "1")]).toEqual([
    -1, 1, 0, 1, -1,
  ]);
  expect(sign("9007199254740993", "9007199254740992")).toBe(1);
  expect([sign("abc", "1"), sign("01", "1"), sign("", "1"), sign("-1", "1")]).toEqual([null, null, null, null]);
  expect(sign("abc", "abc")).toBe(0);
});
