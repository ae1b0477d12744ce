import { expect, test } from "vitest";
import { begin, fold } from "./fold.ts";
import type { ProgressEvent } from "./parse.ts";
import type { Progress } from "./progress.ts";
import { progressSentence } from "./sentence.ts";

const RUN = "0193a0b0-0000-7000-8000-000000000000";
const AT = Date.UTC(2026, 2, 1, 12);
const step = { migration: "0007_add_sets", index: 3, total: 12 };
const web = {
  pid: 812,
  user: "app",
  application: "web",
  state: "idle in transaction",
  transactionAge: "4m",
  relation: "public.workouts",
  mode: "AccessShareLock",
  preparedTransaction: null,
};

type Keys<Event> = Event extends unknown ? Omit<Event, "runId" | "time"> & { time?: number } : never;
const event = (keys: Keys<ProgressEvent>): ProgressEvent => ({ runId: RUN, time: AT, ...keys });
const after = (...events: Keys<ProgressEvent>[]): Progress =>
  events.map(event).reduce((progress, next) => fold(progress, next, AT + 60_000), begin(RUN));

const blocked = {
  event: "blocked" as const,
  ...step,
  waitedMs: 4_000,
  relation: "public.workouts",
  blockers: [web],
} satisfies Keys<ProgressEvent>;
const holder = { pid: 12, user: "migrator", application: "lockkeeper", state: "active", ageMs: 240_000 };

test.each<[string, Keys<ProgressEvent>[], string, string]>([
  ["nothing yet", [], "Running", "no migration has begun yet"],
  ["a lock that was taken", [{ event: "locked" }], "Running", "no migration has begun yet"],
  ["a migration", [{ event: "migrating", ...step }], "Running", "3 of 12: 0007_add_sets"],
  [
    "a migration that is blocked",
    [{ event: "migrating", ...step }, blocked],
    "WaitingForLock",
    "3 of 12: 0007_add_sets; waiting 4 s for public.workouts, blocked by pid 812 (web, idle in transaction for 4m)",
  ],
  [
    "one that is blocked by a row of nobody who was seen",
    [{ ...blocked, relation: null, blockers: [] }],
    "WaitingForLock",
    "3 of 12: 0007_add_sets; waiting 4 s for a lock",
  ],
  ["one that was blocked", [blocked, { event: "migrated", ...step }], "Running", "3 of 12: 0007_add_sets"],
  [
    "one that is tried again",
    [blocked, { event: "retrying", ...step, attempt: 1, of: 8, delayMs: 2_500, reason: "blocked by pid 812 (web)" }],
    "WaitingForLock",
    "3 of 12: 0007_add_sets; try 2 of 9 in 2 s: blocked by pid 812 (web)",
  ],
  [
    "another runner",
    [{ event: "waiting-for-lock", waitedMs: 20_900, holder }],
    "WaitingForLock",
    "waiting 20 s for another runner: pid 12 (lockkeeper, active for 4m)",
  ],
  [
    "another runner that wasn't seen",
    [{ event: "waiting-for-lock", waitedMs: 20, holder: null }],
    "WaitingForLock",
    "waiting 1 s for another runner",
  ],
  [
    "a database that doesn't answer",
    [{ event: "connecting", reason: "connect ECONNREFUSED 10.0.0.7:5432" }],
    "Running",
    "waiting for the database: connect ECONNREFUSED 10.0.0.7:5432",
  ],
  [
    "a connection that was lost in a migration",
    [
      { event: "migrating", ...step },
      { event: "reconnecting", reason: "terminating connection" },
    ],
    "Running",
    "3 of 12: 0007_add_sets; waiting for the database: terminating connection",
  ],
  [
    "one that is there again",
    [{ event: "connecting", reason: "no route" }, { event: "connected" }],
    "Running",
    "no migration has begun yet",
  ],
  [
    "a URL in a reason",
    [{ event: "connecting", reason: "postgres://web:hunter2@db/shop" }],
    "Running",
    "waiting for the database: postgres://web:[redacted]@db/shop",
  ],
])("progress tells of %s", (_name, events, reason, message) => {
  expect(progressSentence(after(...events), AT)).toEqual({ reason, message });
});

test("a wait goes on while nothing new is read", () => {
  const progress = after(blocked);
  expect(progressSentence(progress, AT + 7_000).message).toContain("waiting 11 s for public.workouts");
});

test("a database is waited for since its first refusal", () => {
  const progress = after({ event: "connecting", reason: "a" }, { event: "connecting", reason: "b", time: AT + 5_000 });
  expect(progress.waiting).toEqual({ for: "database", reason: "b", since: AT });
});

test("a pod's clock that is ahead makes no wait of less than nothing", () => {
  const progress = fold(begin(RUN), event({ ...blocked, time: AT + 600_000 }), AT);
  expect(progressSentence(progress, AT).message).toContain("waiting 4 s for");
});

test("the message of the longest names is bounded", () => {
  const long = { migration: "m".repeat(255), index: 1, total: 1 };
  const whom = { ...web, user: null, application: "a".repeat(63), relation: "r".repeat(127) };
  const progress = after({ ...blocked, ...long, relation: "r".repeat(127), blockers: [whom, whom, whom, whom] });
  expect(progressSentence(progress, AT).message.length).toBeLessThanOrEqual(1_024);
});
