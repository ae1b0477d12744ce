import { describe, expect, test } from "vitest";
import { ALERT_CODES } from "./ops.ts";
import type { Alert } from "./ops.ts";
import type { Observed, ObservedRun } from "./ops-observed.ts";
import { alertsOf, statusOf } from "./ops-status.ts";
import type { Blocker } from "./run.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");
const LOOKBACK_MS = 120 * 60_000;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const ago = (ms: number): string => new Date(NOW.getTime() - ms).toISOString();

function run(status: ObservedRun["status"], endedMsAgo: number, changes: Partial<ObservedRun> = {}): ObservedRun {
  const running = status === "RUNNING";
  return {
    id: `run-${status}-${endedMsAgo}`,
    status,
    runner: "kubernetes-job",
    source: "web:1",
    host: "web-1",
    startedAt: ago(running ? endedMsAgo : endedMsAgo + SECOND),
    heartbeatAt: ago(endedMsAgo),
    finishedAt: running ? null : ago(endedMsAgo),
    lockWaitMs: 0,
    versionBefore: "0041",
    versionAfter: "0042",
    applied: [],
    error: null,
    blockers: [],
    ...changes,
  };
}

const blocker: Blocker = {
  pid: 812,
  user: "web",
  application: "web",
  state: "idle in transaction",
  transactionAge: "4m",
  relation: "public.orders",
  mode: "AccessShareLock",
  preparedTransaction: null,
};

const lockTimeout = (endedMsAgo: number, changes: Partial<ObservedRun> = {}): ObservedRun =>
  run("LOCK_TIMEOUT", endedMsAgo, {
    lockWaitMs: 5_000,
    error: { code: "55P03", message: "canceling statement due to lock timeout", migration: "0042_add_index" },
    blockers: [blocker],
    ...changes,
  });

const failure = (endedMsAgo: number, changes: Partial<ObservedRun> = {}): ObservedRun =>
  run("FAILED", endedMsAgo, {
    error: { code: "42P01", message: 'relation "orders" does not exist', migration: "0042_add_index" },
    ...changes,
  });

function observed(changes: Partial<Observed> = {}): Observed {
  return {
    namespace: "shop",
    name: "web",
    version: "0042",
    pending: [],
    pendingCount: 0,
    drift: [],
    driftCount: 0,
    applied: new Set(),
    telemetry: { available: true, reason: "" },
    reachable: true,
    observedAt: null,
    staleAfterMs: null,
    runs: [],
    ...changes,
  };
}

const pending = (...names: string[]): Partial<Observed> => ({ pending: names, pendingCount: names.length });
const alerts = (changes: Partial<Observed>): Alert[] =>
  alertsOf(observed(changes), { now: NOW, lookbackMs: LOOKBACK_MS });
const codes = (changes: Partial<Observed>): string[] =>
  alerts(changes).map(({ severity, code }) => `${severity} ${code}`);

describe("what is an alert", () => {
  const CASES: [string, Partial<Observed>, string[]][] = [
    ["nothing to do and no runs", {}, []],
    ["an old success", { runs: [run("SUCCESS", 10 * MINUTE)] }, []],
    ["a skipped run", { runs: [run("SKIPPED", MINUTE, { versionAfter: null })] }, []],

    ["pending and no run", pending("0043"), ["critical PENDING_MIGRATIONS"]],
    ["pending and a run at work", { ...pending("0043"), runs: [run("RUNNING", 10 * SECOND)] }, []],
    ["pending and a heartbeat of exactly 60 s", { ...pending("0043"), runs: [run("RUNNING", 60 * SECOND)] }, []],
    [
      "pending and a run without heartbeat",
      { ...pending("0043"), runs: [run("RUNNING", 60 * SECOND + 1)] },
      ["critical STUCK_RUN", "critical PENDING_MIGRATIONS"],
    ],
    [
      "pending, one run stuck and one at work",
      { ...pending("0043"), runs: [run("RUNNING", 5 * MINUTE), run("RUNNING", SECOND)] },
      ["critical STUCK_RUN"],
    ],
    ["pending of which no names are known", { pendingCount: 3 }, ["critical PENDING_MIGRATIONS"]],
    ["a heartbeat of a clock that is ahead", { runs: [run("RUNNING", -5 * MINUTE)] }, []],
    ["a run without any heartbeat, just begun", { runs: [run("RUNNING", SECOND, { heartbeatAt: null })] }, []],
    [
      "a run without any heartbeat, begun long ago",
      { runs: [run("RUNNING", 2 * MINUTE, { heartbeatAt: null })] },
      ["critical STUCK_RUN"],
    ],
    [
      "a run whose times can't be read",
      { runs: [run("RUNNING", 0, { heartbeatAt: "yesterday", startedAt: "" })] },
      ["critical STUCK_RUN"],
    ],

    ["a failure", { runs: [failure(12 * MINUTE)] }, ["critical RECENT_FAILURE"]],
    ["a failure at the lookback's edge", { runs: [failure(LOOKBACK_MS)] }, ["critical RECENT_FAILURE"]],
    ["a failure before the lookback", { runs: [failure(LOOKBACK_MS + 1)] }, []],
    ["a lock timeout", { runs: [lockTimeout(12 * MINUTE)] }, ["critical RECENT_LOCK_TIMEOUT"]],
    [
      "a failure, then a success of the same source",
      { runs: [run("SUCCESS", MINUTE), failure(12 * MINUTE)] },
      ["warning RECENT_FAILURE"],
    ],
    [
      "a failure, then nothing left to do for the same source",
      { runs: [run("SKIPPED", MINUTE), failure(12 * MINUTE)] },
      ["warning RECENT_FAILURE"],
    ],
    [
      "a failure, then a run that is disabled",
      { runs: [run("SKIPPED", MINUTE, { versionAfter: null }), failure(12 * MINUTE)] },
      ["critical RECENT_FAILURE"],
    ],
    [
      "a failure, then a success of another source",
      { runs: [run("SUCCESS", MINUTE, { source: "worker:1" }), failure(12 * MINUTE)] },
      ["critical RECENT_FAILURE"],
    ],
    [
      "a success, then a failure",
      { runs: [failure(MINUTE), run("SUCCESS", 12 * MINUTE)] },
      ["critical RECENT_FAILURE"],
    ],
    [
      "a failure whose migration another source applied later",
      { runs: [run("SUCCESS", MINUTE, { source: "web:2", applied: ["0042_add_index"] }), failure(12 * MINUTE)] },
      ["warning RECENT_FAILURE"],
    ],
    [
      "a failure whose migration another source had applied before",
      { runs: [failure(MINUTE), run("SUCCESS", 12 * MINUTE, { source: "web:2", applied: ["0042_add_index"] })] },
      ["critical RECENT_FAILURE"],
    ],
    [
      "a failure whose migration a run at work has applied",
      { runs: [run("RUNNING", SECOND, { source: "web:2", applied: ["0042_add_index"] }), failure(12 * MINUTE)] },
      ["warning RECENT_FAILURE"],
    ],
    [
      "a failure whose migration the history has",
      { runs: [failure(12 * MINUTE)], applied: new Set(["0042_add_index"]) },
      ["warning RECENT_FAILURE"],
    ],
    [
      "a failure whose migration was applied later, and reverted since",
      {
        ...pending("0042_add_index"),
        runs: [run("SUCCESS", MINUTE, { source: "web:2", applied: ["0042_add_index"] }), failure(12 * MINUTE)],
      },
      ["critical PENDING_MIGRATIONS", "critical RECENT_FAILURE"],
    ],
    [
      "a failure without a migration, and a later success of the same source",
      {
        runs: [
          run("SUCCESS", MINUTE),
          failure(12 * MINUTE, { error: { code: "ORPHANED", message: "died", migration: null } }),
        ],
      },
      ["warning RECENT_FAILURE"],
    ],
    [
      "the same failure three times",
      { runs: [failure(MINUTE), failure(2 * MINUTE), failure(3 * MINUTE)] },
      ["critical RECENT_FAILURE"],
    ],
    [
      "two failures, one of them cured",
      {
        runs: [
          failure(MINUTE, { source: "web:2" }),
          run("SUCCESS", 2 * MINUTE, { source: "web:1" }),
          failure(3 * MINUTE, { source: "web:1" }),
        ],
      },
      ["critical RECENT_FAILURE", "warning RECENT_FAILURE"],
    ],

    ["a wait of a second", { runs: [run("SUCCESS", MINUTE, { lockWaitMs: 1_000 })] }, []],
    ["a longer wait", { runs: [run("SUCCESS", MINUTE, { lockWaitMs: 1_001 })] }, ["warning LOCK_WAIT"]],
    ["a longer wait before the lookback", { runs: [run("SUCCESS", 180 * MINUTE, { lockWaitMs: 9_000 })] }, []],

    ["drift", { drift: ["0007"], driftCount: 1 }, ["critical DRIFT"]],
    ["no telemetry", { telemetry: { available: false, reason: "no table" } }, ["warning STALE_TELEMETRY"]],
    [
      "a database that doesn't answer",
      { reachable: false, telemetry: { available: false, reason: "ECONNREFUSED" } },
      ["critical STALE_TELEMETRY"],
    ],
    ["observed just in time", { observedAt: ago(12 * 60 * MINUTE), staleAfterMs: 12 * 60 * MINUTE }, []],
    [
      "observed too long ago",
      { observedAt: ago(12 * 60 * MINUTE + 1), staleAfterMs: 12 * 60 * MINUTE },
      ["warning STALE_TELEMETRY"],
    ],
    ["observed long ago, with drift runs off", { observedAt: ago(9_999 * MINUTE), staleAfterMs: null }, []],
  ];

  test.each(CASES)("%s", (_name, changes, expected) => {
    expect(codes(changes)).toEqual(expected);
  });

  test("every code can come up", () => {
    const seen = new Set(CASES.flatMap(([, , expected]) => expected.map((text) => text.split(" ")[1])));
    expect([...seen].toSorted()).toEqual([...ALERT_CODES].toSorted());
  });
});

describe("what an alert says", () => {
  test.each<[Partial<Observed>, string]>([
    [
      { runs: [lockTimeout(12 * MINUTE)] },
      "LOCK_TIMEOUT 12 min ago: 0042_add_index waited 5 s for public.orders; " +
        "blocked by pid 812 (web, idle in transaction for 4m)",
    ],
    [
      { runs: [lockTimeout(12 * MINUTE), run("SUCCESS", MINUTE)] },
      "LOCK_TIMEOUT 12 min ago: 0042_add_index waited 5 s for public.orders; " +
        "blocked by pid 812 (web, idle in transaction for 4m); cured since",
    ],
    [
      {
        runs: [
          lockTimeout(3 * SECOND, {
            lockWaitMs: 600_000,
            blockers: [],
            error: { code: "RUNNER_LOCK_TIMEOUT", message: "", migration: null },
          }),
        ],
      },
      "LOCK_TIMEOUT 3 s ago: waited 10m for another runner",
    ],
    [
      {
        runs: [
          lockTimeout(MINUTE, {
            blockers: [
              { ...blocker, application: null, user: null, state: null, transactionAge: null, relation: null },
              { ...blocker, pid: 0, preparedTransaction: "pay-17", relation: null },
              blocker,
            ],
          }),
        ],
      },
      "LOCK_TIMEOUT 1 min ago: 0042_add_index waited 5 s for public.orders; " +
        "blocked by pid 812 and the prepared transaction pay-17 and 1 more",
    ],
    [
      { runs: [failure(MINUTE), failure(2 * MINUTE)] },
      'FAILED 1 min ago (2 runs): 0042_add_index: relation "orders" does not exist (42P01)',
    ],
    [pending("0043", "0044", "0045", "0046"), "4 migrations pending and no run at work: 0043, 0044, 0045 and 1 more"],
    [{ pendingCount: 1 }, "1 migration pending and no run at work"],
    [{ runs: [run("RUNNING", 90 * SECOND)] }, "a run of kubernetes-job on web-1 has had no heartbeat for 1m"],
    [{ drift: ["0007_a"], driftCount: 1 }, "1 migration drifted from the history: 0007_a"],
    [
      { runs: [run("SUCCESS", 3 * 60 * MINUTE - 70 * MINUTE, { lockWaitMs: 2_500 })] },
      "a SUCCESS run 1 h ago waited 2.5 s for locks",
    ],
  ])("%#", (changes, message) => {
    expect(alerts(changes).map((alert) => alert.message)).toContain(message);
  });

  test("it names the resource", () => {
    expect(alerts(pending("0043"))).toMatchObject([{ namespace: "shop", name: "web" }]);
  });
});

describe("the status", () => {
  test.each([
    ["ok", []],
    ["warning", ["warning"]],
    ["critical", ["warning", "critical"]],
  ] as const)("is %s with %j", (status, severities) => {
    expect(statusOf(severities.map((severity) => ({ severity })))).toBe(status);
  });
});
