import { expect, test } from "vitest";
import { compareNames } from "./order.ts";

test("names go by their leading number first, however long, and then by code units", () => {
  const inOrder = [
    "0_zero",
    "1",
    "1_a",
    "01_b",
    "2_Z",
    "2_a",
    "10_a",
    "20260131120000_a",
    "20260131120000_b",
    "9007199254740993_a",
    "9007199254740994_a",
    "Z",
    "_",
    "a",
    "a10",
    "a9",
    "ä",
  ];
  // "01_b" comes before "1" by code units: the number is the same.
  const expected = [inOrder[0], "01_b", "1", "1_a", ...inOrder.slice(4)];
  expect(inOrder.toReversed().toSorted(compareNames)).toEqual(expected);
  expect(inOrder.toSorted(compareNames)).toEqual(expected);
});
