import { expect, test } from "vitest";
import type { RunResult } from "../result.ts";
import { summary } from "./summary.ts";

const result = (differs: Partial<RunResult> = {}): RunResult => ({
  runId: "0193a0b0-0000-7000-8000-000000000000",
  command: "migrate",
  status: "SUCCESS",
  disabled: false,
  exitCode: 0,
  startedAt: new Date(0),
  finishedAt: new Date(412),
  lockWaitMs: 3,
  versionBefore: "0008",
  versionAfter: "0010",
  available: 11,
  appliedTotal: 11,
  applied: ["0009", "0010"],
  pending: [],
  ahead: [],
  drift: [],
  error: null,
  failure: null,
  blockers: [],
  telemetry: { available: true, reason: "" },
  database: null,
  digest: "",
  warnings: [],
  ...differs,
});
const twelve = Array.from({ length: 12 }, (_, i) => `m${i}`);

test.each<[string, Partial<RunResult>, string]>([
  ["applied", {}, "SUCCESS: 2 applied in 412 ms: 0009, 0010; the schema is at 0010 now"],
  ["up to date", { status: "SKIPPED", applied: [] }, "Nothing to do: 11 of 11 applied, the schema is at 0010 (412 ms)"],
  [
    "disabled",
    { status: "SKIPPED", disabled: true, applied: [], telemetry: { available: false, reason: "x" } },
    "SKIPPED: migrating is disabled by DB_MIGRATE_ENABLED=0; nothing was looked at",
  ],
  [
    "undone",
    { command: "down", versionAfter: null, applied: ["0009"] },
    "SUCCESS: 1 undone in 412 ms: 0009; nothing is applied now",
  ],
  [
    "failed on the way",
    { status: "FAILED", exitCode: 11, applied: ["0009"], pending: ["0010"] },
    "FAILED after 412 ms: 1 applied before that: 0009\n  pending: 0010",
  ],
  [
    "locked out",
    { status: "LOCK_TIMEOUT", exitCode: 10, applied: [], lockWaitMs: 4_000 },
    "LOCK_TIMEOUT after 412 ms: no migration was applied\n  waited 4 s for locks",
  ],
  [
    "many",
    { applied: twelve },
    "SUCCESS: 12 applied in 412 ms: m0, m1, m2, m3, m4, m5, m6, m7, m8, m9 and 2 more; the schema is at 0010 now",
  ],
  [
    "without a run log",
    { status: "SKIPPED", applied: [], telemetry: { available: false, reason: "no right" } },
    "Nothing to do: 11 of 11 applied, the schema is at 0010 (412 ms)\n  not in the run log: no right",
  ],
])("a run's end is told in a few lines: %s", (_name, differs, text) => {
  expect(summary(result(differs))).toBe(text);
});
