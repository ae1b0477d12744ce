import { expect, test } from "vitest";
import type { Holder } from "../postgres/holder.ts";
import { unlockText } from "./unlock-text.ts";

const holder = (differs: Partial<Holder> = {}): Holder => ({
  pid: 812,
  user: "app",
  application: "lockkeeper",
  address: "10.0.0.7",
  state: "active",
  connectedMs: 240_000,
  ageMs: 4_000,
  query: "alter table\n  orders add x int",
  ...differs,
});
const told = (differs: Partial<Holder> = {}): string =>
  unlockText({ holder: holder(differs), ended: false, next: holder(differs) });

test("a holder is told with all that helps to decide, and how to end it", () => {
  expect(told()).toBe(
    [
      "The migration lock is held by pid 812.",
      "  user         app",
      "  application  lockkeeper",
      "  client       10.0.0.7",
      "  connected    4m ago",
      "  state        active for 4 s",
      "  statement    alter table orders add x int",
      "To end it: lockkeeper unlock --yes",
      "In SQL:    select pg_terminate_backend(812);",
      "What its transaction has done is rolled back then.",
    ].join("\n"),
  );
});

test("a session that has been idle for long may be a pooler's backend", () => {
  expect(told({ state: "idle", ageMs: 3_600_000 })).toContain("PgBouncer");
  expect(told({ state: "idle", ageMs: 1_000 })).not.toContain("PgBouncer");
  expect(told({ state: "active", ageMs: 3_600_000 })).not.toContain("PgBouncer");
});

test("what the role may not see is said to be hidden, with the right that shows it", () => {
  const text = told({ application: null, address: null, state: null, connectedMs: null, ageMs: null, query: null });
  expect(text).toContain("state        hidden from this role (GRANT pg_read_all_stats shows it)");
});

test.each<[string, Holder | null, string]>([
  ["nobody", null, "The migration lock is free."],
  ["a runner that waited", holder({ pid: 900 }), "A runner that waited has taken the migration lock: pid 900"],
])("after the end of a holder the lock's new owner is told: %s", (_name, next, line) => {
  const text = unlockText({ holder: holder(), ended: true, next });
  expect(text).toContain("Ended pid 812 (lockkeeper, active for 4 s).");
  expect(text).toContain(line);
});
