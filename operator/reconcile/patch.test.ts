import { expect, test } from "vitest";
import { mergePatch } from "./patch.ts";

test.each([
  ["nothing that differs", { a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 }, null],
  ["a changed value", { a: 1, b: 2 }, { a: 1, b: 3 }, { b: 3 }],
  ["a new key", {}, { a: 1 }, { a: 1 }],
  ["a key that is gone", { a: 1, b: 2 }, { a: 1 }, { b: null }],
  ["inside an object only what differs", { a: { b: 1, c: 2, d: 3 } }, { a: { b: 1, c: 4 } }, { a: { c: 4, d: null } }],
  ["a list as a whole", { a: [1, 2] }, { a: [1] }, { a: [1] }],
  ["an object for a list", { a: [1] }, { a: { b: 1 } }, { a: { b: 1 } }],
])("%s", (_what, before, after, patch) => {
  expect(mergePatch(before, after)).toEqual(patch);
});
