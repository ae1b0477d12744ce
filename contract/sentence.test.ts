import { expect, test } from "vitest";
import type { Blocker } from "./run.ts";
import { blockedBy, blockedHint, lockTimeoutSentence } from "./sentence.ts";

const blocker = (differs: Partial<Blocker> = {}): Blocker => ({
  pid: 812,
  user: "app",
  application: "web",
  state: "idle in transaction",
  transactionAge: "4m",
  relation: "public.orders",
  mode: "AccessShareLock",
  preparedTransaction: null,
  ...differs,
});
const hidden = { application: null, state: null, transactionAge: null };
const prepared = { ...hidden, pid: 0, user: null, preparedTransaction: "order's" };
const pids = (...all: number[]): Blocker[] => all.map((pid) => blocker({ ...hidden, user: null, pid }));

test.each<[string, Blocker[], string]>([
  ["nobody", [], ""],
  ["one", [blocker()], "blocked by pid 812 (web, idle in transaction for 4m)"],
  [
    "one without an application name",
    [blocker({ application: "" })],
    "blocked by pid 812 (app, idle in transaction for 4m)",
  ],
  ["one whose activity is hidden", [blocker(hidden)], "blocked by pid 812 (app)"],
  ["one of whom nothing is known", pids(7), "blocked by pid 7"],
  ["one whose age is hidden", [blocker({ transactionAge: null })], "blocked by pid 812 (web, idle in transaction)"],
  ["one whose state is hidden", [blocker({ state: null })], "blocked by pid 812 (web, in a transaction for 4m)"],
  ["a prepared transaction", [blocker(prepared)], "blocked by the prepared transaction 'order's'"],
  ["two", pids(1, 2), "blocked by pid 1 and pid 2"],
  ["three", pids(1, 2, 3), "blocked by pid 1, pid 2 and pid 3"],
  ["five", pids(1, 2, 3, 4, 5), "blocked by pid 1, pid 2, pid 3 and 2 more"],
])("blockers are told: %s", (_name, blockers, sentence) => {
  expect(blockedBy(blockers)).toBe(sentence);
});

test.each<[string, Parameters<typeof lockTimeoutSentence>[0], string]>([
  [
    "a relation",
    { migration: "0042_add_index", waitedMs: 5_000, relation: "public.orders", blockers: [blocker()] },
    "0042_add_index waited 5 s for public.orders; blocked by pid 812 (web, idle in transaction for 4m)",
  ],
  [
    "a row",
    { migration: "0042_add_index", waitedMs: 250, relation: null, blockers: pids(9) },
    "0042_add_index waited 250 ms for a lock; blocked by pid 9",
  ],
  [
    "nobody seen",
    { migration: "0042_add_index", waitedMs: 40, relation: "public.orders", blockers: [] },
    "0042_add_index waited 40 ms for public.orders; who blocked it was gone before it could be seen",
  ],
])("a lock timeout is told in one sentence: %s", (_name, wait, sentence) => {
  expect(lockTimeoutSentence(wait)).toBe(sentence);
});

test("the hint says how to end the blocker", () => {
  expect(blockedHint([blocker()])).toContain("select pg_terminate_backend(812)");
  expect(blockedHint([blocker()])).not.toContain("GRANT");
});

test("the hint quotes a prepared transaction's name", () => {
  expect(blockedHint([blocker(prepared)])).toContain("ROLLBACK PREPARED 'order''s'");
});

test("the hint names the right that would show a hidden blocker", () => {
  expect(blockedHint([blocker(hidden)])).toContain("GRANT pg_read_all_stats");
});

test("without a blocker the hint is to run again", () => {
  expect(blockedHint([])).toContain("Run it again");
});
