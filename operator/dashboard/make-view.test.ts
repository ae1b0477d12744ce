import { describe, expect, test } from "vitest";
import type { Condition, Status } from "../../contract/resource/status.ts";
import { observedOf } from "../ops/observed-of.ts";
import type { RawMigration } from "../watch/migration.ts";
import { detailOf } from "./make-view.ts";

const NOW = new Date("2026-03-01T12:00:00Z");
const AT = "2026-03-01T11:55:00Z";

const migration = (status: unknown): RawMigration => ({
  metadata: { ...{ namespace: "shop", name: "web", uid: "u", resourceVersion: "1" }, creationTimestamp: AT },
  spec: {},
  status,
});

const view = (status: unknown) => {
  const raw = migration(status);
  return detailOf({ migration: raw, observed: observedOf(raw).observed, gated: [] }, NOW);
};

const said = (type: string, status: Condition["status"], reason: string): Condition => ({
  ...{ type, status, reason, message: `it is ${reason}`, observedGeneration: 1, lastTransitionTime: AT },
});

const telemetry = { available: true, reason: "" };
const schema = { version: "0042", applied: 42, pending: 0, pendingNames: [], observedAt: AT };

describe("how a resource stands", () => {
  const CASES: [string, Status, string][] = [
    ["nothing was told yet", {}, "unknown"],
    ["applied", { conditions: [said("Ready", "True", "Applied")], telemetry, schema }, "ok"],
    [
      "at work",
      { conditions: [said("Ready", "False", "Running"), said("Reconciling", "True", "Running")], telemetry, schema },
      "running",
    ],
    [
      "waiting for a lock",
      {
        conditions: [said("Ready", "False", "WaitingForLock"), said("Reconciling", "True", "WaitingForLock")],
        ...{ telemetry, schema },
      },
      "blocked",
    ],
    [
      "stalled",
      {
        conditions: [said("Ready", "False", "LockTimeout"), said("Stalled", "True", "LockTimeout")],
        telemetry,
        schema,
      },
      "failing",
    ],
    [
      "ready, and drifted",
      { conditions: [said("Ready", "True", "Applied"), said("Drifted", "True", "Drift")], telemetry, schema },
      "failing",
    ],
    ["suspended", { conditions: [said("Ready", "False", "Suspended")], telemetry, schema }, "paused"],
    [
      "applied without a run log",
      { conditions: [said("Ready", "True", "Applied")], telemetry: { available: false, reason: "no right" }, schema },
      "warning",
    ],
  ];
  test.each(CASES)("%s", (_, status, tone) => {
    expect(view(status).row.tone).toBe(tone);
  });
});

test("a status that can't be read is told as such, and breaks nothing", () => {
  const { row, runs } = view({ conditions: "none", runs: 7 });
  expect(row).toMatchObject({ reason: "InvalidStatus", tone: "unknown" });
  expect(runs).toEqual([]);
});

test("who was in the way of the newest run that got no lock is told in the product's words, with what to do", () => {
  const blocker = {
    ...{ pid: 812, user: "web", application: "web", state: "idle in transaction", transactionAge: "4m" },
    ...{ relation: "public.orders", mode: "AccessShareLock" },
  };
  const run = {
    ...{ id: "1", status: "LOCK_TIMEOUT", runner: "kubernetes-job", startedAt: AT, finishedAt: AT, lockWaitMs: 5_000 },
    ...{ error: { code: "55P03", message: "timeout", migration: "0042_add_index" }, blockers: [blocker] },
  };
  expect(view({ runs: [run] }).blocked).toEqual({
    sentence: "0042_add_index waited 5 s for public.orders; blocked by pid 812 (web, idle in transaction for 4m)",
    hint: "Run it again when that transaction has ended, or end it: select pg_terminate_backend(812).",
  });
  expect(view({ runs: [{ ...run, id: "2", status: "SUCCESS" }, run] }).blocked.sentence).toBe("");
});

test("no password of a connection string that got into a message is shown", () => {
  const message = "can't reach postgres://web:hunter2secret@db/shop";
  const ready = { ...said("Ready", "False", "Unreachable"), message };
  const run = { ...{ id: "1", status: "FAILED", runner: "cli", startedAt: AT }, error: { code: "X", message } };
  expect(JSON.stringify(view({ conditions: [ready], runs: [run] }))).not.toContain("hunter2secret");
});

test("a row is bounded, however much there is to tell", () => {
  const runs = Array.from({ length: 100 }, (_, index) => ({
    ...{ id: String(index), status: "FAILED", runner: "cli", source: `web:${index}`, startedAt: AT, finishedAt: AT },
    error: { code: "42P01", message: "x".repeat(1_500), migration: String(index) },
  }));
  const { row } = view({ conditions: [{ ...said("Ready", "False", "Pending"), message: "x".repeat(2_048) }], runs });
  expect(row.moreAlerts).toBeGreaterThan(50);
  expect(JSON.stringify(row).length).toBeLessThan(6_000);
});
