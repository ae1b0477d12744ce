import { expect, test } from "vitest";
import { createFleet } from "./fleet.ts";

function fleetOf(rows: Record<string, string>) {
  const world = new Map(Object.entries(rows));
  return { world, fleet: createFleet((key) => world.get(key) ?? null) };
}

test("a newcomer gets everything", () => {
  const { fleet } = fleetOf({ a: "1", b: "2" });
  fleet.refresh(["a", "b"]);
  expect(fleet.since(-1)).toEqual({ full: true, rows: ["1", "2"], gone: [] });
});

test("who has something gets what has changed since, and only once", () => {
  const { world, fleet } = fleetOf({ a: "1", b: "2" });
  fleet.refresh(["a", "b"]);
  const { revision } = fleet;
  world.set("b", "3");
  fleet.refresh(["a", "b"]);
  expect(fleet.since(revision)).toEqual({ full: false, rows: ["3"], gone: [] });
  expect(fleet.since(fleet.revision)).toEqual({ full: false, rows: [], gone: [] });
});

test("what looks as before is no change", () => {
  const { fleet } = fleetOf({ a: "1" });
  fleet.refresh(["a"]);
  const { revision } = fleet;
  fleet.refresh(["a"]);
  expect(fleet.revision).toBe(revision);
});

test("what is gone is told, and what comes back isn't gone", () => {
  const { world, fleet } = fleetOf({ a: "1", b: "2" });
  fleet.refresh(["a", "b"]);
  const { revision } = fleet;
  world.delete("a");
  fleet.refresh(["a"]);
  expect(fleet.since(revision)).toEqual({ full: false, rows: [], gone: ["a"] });
  world.set("a", "4");
  fleet.refresh(["a"]);
  expect(fleet.since(revision)).toEqual({ full: false, rows: ["4"], gone: [] });
});

test("who was away for longer than deletions are remembered gets everything", () => {
  const keys = Array.from({ length: 2_100 }, (_, index) => `k${index}`);
  const { world, fleet } = fleetOf(Object.fromEntries([...keys, "stays"].map((key) => [key, key])));
  fleet.refresh([...world.keys()]);
  const { revision } = fleet;
  for (const key of keys) world.delete(key);
  fleet.refresh(keys);
  expect(fleet.since(revision)).toEqual({ full: true, rows: ["stays"], gone: [] });
  expect(fleet.since(fleet.revision - 1).full).toBe(false);
});

test("a revision that there never was gets everything", () => {
  const { fleet } = fleetOf({ a: "1" });
  fleet.refresh(["a"]);
  expect(fleet.since(99).full).toBe(true);
});
