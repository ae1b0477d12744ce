import { expect, it } from "vitest";
import { waitFor } from "./retry.ts";

it("the next try waits for what Retry-After says, and up to a quarter more", () => {
  expect([waitFor("3", 1, 0), waitFor("3", 4, 1), waitFor("0", 1, 1)]).toEqual([3_000, 3_750, 0]);
});

it("without seconds in Retry-After the waits double from half a second on", () => {
  for (const value of [undefined, "soon", "-1", "Wed, 21 Oct 2026 07:28:00 GMT"]) {
    expect([1, 2, 3, 4].map((tries) => waitFor(value, tries, 0))).toEqual([500, 1_000, 2_000, 4_000]);
  }
});
