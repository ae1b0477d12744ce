import { expect, test } from "vitest";
import type { Blocker } from "../../contract/run.ts";
import type { RunEvent } from "../event.ts";
import { advance, idle, progressLine } from "./progress.ts";

const step = { migration: "0007_add_sets", index: 3, total: 12 };
const blocker: Blocker = {
  pid: 812,
  user: "app",
  application: "web",
  state: "idle in transaction",
  transactionAge: "4m",
  relation: "public.workouts",
  mode: "AccessShareLock",
  preparedTransaction: null,
};
const holder = {
  pid: 812,
  user: "app",
  application: "lockkeeper",
  address: null,
  state: "active",
  connectedMs: 1,
  ageMs: 4_000,
};

/** The line at second 10, after events at the given seconds. */
function line(...events: [second: number, event: RunEvent][]): string {
  const last = events.reduce((progress, [second, event]) => advance(progress, event, second * 1_000), idle(0));
  return progressLine(last, 10_000);
}

test.each<[string, [number, RunEvent][], string]>([
  ["nothing happened", [], "connecting  10 s"],
  [
    "the server is away",
    [[1, { type: "connecting", attempt: 1, reason: "ECONNREFUSED" }]],
    "connecting  10 s  ECONNREFUSED",
  ],
  [
    "another runner is at work",
    [[9, { type: "waiting-for-lock", waitedMs: 7_000, holder }]],
    "waiting for the lock  8 s  held by pid 812 (lockkeeper, active for 4 s)",
  ],
  ["a migration runs", [[6, { type: "migrating", ...step }]], "3 of 12  0007_add_sets  4 s"],
  [
    "a migration waits",
    [
      [6, { type: "migrating", ...step }],
      [9, { type: "blocked", ...step, waitedMs: 1_000, relation: "public.workouts", blockers: [blocker] }],
    ],
    "3 of 12  0007_add_sets  4 s  waiting 2 s for public.workouts, blocked by pid 812 (web, idle in transaction for 4m)",
  ],
  [
    "a migration will be tried again",
    [
      [6, { type: "migrating", ...step }],
      [9, { type: "retrying", ...step, attempt: 1, of: 8, delayMs: 2_000, code: "55P03", reason: "lock timeout" }],
    ],
    "3 of 12  0007_add_sets  4 s  waiting 1 s before try 2 of 9",
  ],
  [
    "a migration that waited goes on",
    [
      [6, { type: "blocked", ...step, waitedMs: 0, relation: null, blockers: [] }],
      [8, { type: "migrating", ...step }],
    ],
    "3 of 12  0007_add_sets  4 s",
  ],
  [
    "it is to stop",
    [
      [6, { type: "migrating", ...step }],
      [7, { type: "cancelling", reason: "SIGTERM" }],
    ],
    "3 of 12  0007_add_sets  stopping (SIGTERM)  4 s",
  ],
])("the live line tells when %s", (_name, events, expected) => {
  expect(line(...events)).toBe(expected);
});
