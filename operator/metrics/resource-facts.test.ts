import { expect, test } from "vitest";
import type { RawMigration } from "../watch/migration.ts";
import { factsOf } from "./resource-facts.ts";

const facts = (status: unknown, spec: unknown = {}) =>
  factsOf({ metadata: {}, spec, status } as unknown as RawMigration);
const at = (minute: number): string => new Date(Date.UTC(2026, 2, 1, 0, minute)).toISOString();
const ms = (minute: number): number => Date.UTC(2026, 2, 1, 0, minute);
const run = (status: string, minute: number, more: object = {}) => ({
  ...{ status, startedAt: at(minute - 1), ...(status === "RUNNING" ? {} : { finishedAt: at(minute) }) },
  ...more,
});
const pending = (count: number) => ({ schema: { pending: count, observedAt: at(9) } });

test("of a resource that nobody has looked at nothing is known", () => {
  const nothing = {
    ...{ pending: null, pendingSince: null, ready: false, stalled: false, suspended: false, drifted: false },
    ...{ telemetryAvailable: null, runStarted: null, runTimeout: null, lastSuccess: null },
    lastRun: { success: null, skipped: null, failed: null, lock_timeout: null },
  };
  for (const status of [undefined, null, {}, [], "x", { runs: 3, conditions: "y", schema: [], telemetry: null }]) {
    expect(facts(status)).toEqual(nothing);
  }
});

test("conditions, suspension and telemetry are as they are told", () => {
  const conditions = ["Ready", "Stalled", "Drifted"].map((type) => ({ type, status: "True" }));
  expect(facts({ conditions, telemetry: { available: false } }, { suspend: true })).toMatchObject({
    ...{ ready: true, stalled: true, drifted: true, suspended: true, telemetryAvailable: false },
  });
  const unlogged = facts(
    { telemetry: { available: false } },
    { runLog: { enabled: false }, timeouts: { run: "1h30m" } },
  );
  expect(unlogged).toMatchObject({ telemetryAvailable: null, runTimeout: 90 * 60_000 });
  expect(facts({}, { timeouts: { run: "0s" } }).runTimeout).toBeNull();
  const unknown = conditions.map((condition) => ({ ...condition, status: "Unknown" }));
  expect(facts({ conditions: unknown })).toMatchObject({ ready: false, stalled: false, drifted: false });
});

test("the newest run of each outcome is told by its end", () => {
  const runs = [run("RUNNING", 9), run("LOCK_TIMEOUT", 8), run("SUCCESS", 7), run("FAILED", 6), run("SUCCESS", 5)];
  expect(facts({ runs })).toMatchObject({
    runStarted: ms(8),
    lastSuccess: ms(7),
    lastRun: { success: ms(7), skipped: null, failed: ms(6), lock_timeout: ms(8) },
  });
});

test("a run that found nothing to do is a success; one that was switched off isn't", () => {
  const off = run("SKIPPED", 8);
  expect(facts({ runs: [off, run("SKIPPED", 7, { versionAfter: "0042" })] }).lastSuccess).toBe(ms(7));
  expect(facts({ runs: [off] }).lastSuccess).toBeNull();
});

test.each<[string, object, number | null]>([
  ["nothing is pending", { ...pending(0), runs: [run("FAILED", 5)] }, null],
  [
    "runs failed since the last success",
    { ...pending(1), runs: [run("FAILED", 7), run("FAILED", 5), run("SUCCESS", 3)] },
    4,
  ],
  [
    "no success is in the history",
    {
      ...pending(1),
      runs: [run("FAILED", 7)],
      conditions: [{ type: "Ready", status: "False", lastTransitionTime: at(2) }],
    },
    2,
  ],
  ["a check found them, after a success", { ...pending(1), runs: [run("SUCCESS", 3)] }, 9],
])("pending since: %s", (_, status, minute) => {
  expect(facts(status).pendingSince).toBe(minute === null ? null : ms(minute));
});
