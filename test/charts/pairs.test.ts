import { describe, expect, it } from "vitest";
import { pairwise } from "./pairs.ts";
import type { Factor, Row } from "./pairs.ts";

const factors: Factor[] = [
  { path: "mode", values: ["job", "operator", "gate"] },
  { path: "copy", values: ["Auto", "ImageVolume", "InitContainer"] },
  { path: "enabled", values: [true, false] },
  { path: "ca", values: [null, { secret: "a" }] },
];

/** All pairs that stand in rows, as texts. */
function pairs(rows: Row[]): Set<string> {
  return new Set(
    rows.flatMap((row) => {
      const entries = Object.entries(row).map((entry) => JSON.stringify(entry));
      return entries.flatMap((one, at) => entries.slice(at + 1).map((other) => `${one} ${other}`));
    }),
  );
}

const product = (rest: Factor[]): Row[] => {
  const [first, ...others] = rest;
  if (first === undefined) return [{}];
  return first.values.flatMap((value) => product(others).map((row) => ({ [first.path]: value, ...row })));
};

describe("pairwise", () => {
  it("has every pair, in far fewer rows than there are combinations", () => {
    const rows = pairwise(factors);
    expect(pairs(rows)).toEqual(pairs(product(factors)));
    expect(rows.length).toBeLessThanOrEqual(11);
    expect(rows.every((row) => Object.keys(row).length === factors.length)).toBe(true);
  });

  it("has no row with a conflict, and every pair that can stand without one", () => {
    const conflicts = [
      { mode: "gate", ca: { secret: "a" } },
      { mode: "gate", copy: "Auto", enabled: true },
    ];
    const rows = pairwise(factors, conflicts);
    const isAllowed = ({ mode, ca, copy, enabled }: Row): boolean =>
      mode !== "gate" || (ca === null && !(copy === "Auto" && enabled === true));
    expect(rows.filter((row) => !isAllowed(row))).toEqual([]);
    expect(pairs(rows)).toEqual(pairs(product(factors).filter(isAllowed)));
  });
});
