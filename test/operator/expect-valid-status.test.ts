import { describe, expect, test } from "vitest";
import type { Condition, Release, StatusRun } from "../../contract/resource/status.ts";
import { expectValidStatus, statusViolations } from "./expect-valid-status.ts";
import type { RawResource } from "./expect-valid-status.ts";

const AT = "2026-03-01T12:00:00Z";
const condition = (type: string, status: Condition["status"], differs: Partial<Condition> = {}): Condition => ({
  type,
  status,
  reason: "Applied",
  message: "0010_solid_watchtower; 2 applied in 412 ms",
  lastTransitionTime: AT,
  observedGeneration: 2,
  ...differs,
});
const ready = (differs: Partial<Condition> = {}) => condition("Ready", "True", differs);
const unready = (differs: Partial<Condition> = {}) => condition("Ready", "False", { reason: "Running", ...differs });
const reconciling = (differs: Partial<Condition> = {}) =>
  condition("Reconciling", "True", { reason: "Running", ...differs });
const stalled = (differs: Partial<Condition> = {}) =>
  condition("Stalled", "True", { reason: "MigrationFailed", ...differs });

const release = (differs: Partial<Release> = {}): Release => ({
  key: "5f0c",
  revision: 7,
  image: "ghcr.io/acme/web:1.4.2",
  version: "0010_solid_watchtower",
  state: "Applied",
  epoch: 1,
  attempt: 1,
  job: "web-5f0c1d-1",
  runId: "0193a0b0-0000-7000-8000-000000000000",
  failures: 0,
  ...differs,
});
const run = (differs: Partial<StatusRun> = {}): StatusRun => ({
  id: "0193a0b0-0000-7000-8000-000000000000",
  status: "SUCCESS",
  runner: "kubernetes-job",
  startedAt: AT,
  finishedAt: AT,
  ...differs,
});

const resource = (status: Record<string, unknown>, spec: unknown = {}): RawResource => ({
  metadata: { generation: 2 },
  spec,
  status: { observedGeneration: 2, epoch: 1, conditions: [ready()], ...status },
});
const having = (...conditions: Condition[]): RawResource => resource({ conditions });

describe("valid", () => {
  test.each<[string, RawResource]>([
    ["applied", resource({ releases: [release()], runs: [run()] })],
    ["a run that is on", having(unready(), reconciling())],
    ["stalled", having(unready({ reason: "MigrationFailed" }), stalled())],
    ["suspended", having(unready({ reason: "Suspended" }))],
    ["not known yet", having(condition("Ready", "Unknown", { reason: "Pending" }), reconciling({ reason: "Pending" }))],
    ["of the generation before", resource({ observedGeneration: 1, conditions: [ready({ observedGeneration: 1 })] })],
    ["drifted", having(ready(), condition("Drifted", "True", { reason: "Drift" }))],
    ["not drifted", having(ready(), condition("Drifted", "False", { reason: "InSync" }))],
    ["a release whose proof is withdrawn", resource({ epoch: 2, releases: [release()] })],
    [
      "runs, the newest first",
      resource({ runs: [run({ id: "b", startedAt: "2026-03-01T12:00:01Z" }), run(), run({ id: "c" })] }),
    ],
  ])("%s", (_name, valid) => {
    expect(() => expectValidStatus(valid, { canaries: ["hunter2hunter2"] })).not.toThrow();
  });
});

describe("invalid", () => {
  test.each<[string, RawResource]>([
    ["Ready isn't there", { metadata: { generation: 1 } }],
    ["status.observedGeneration isn't there", { metadata: { generation: 1 } }],
    ["status.conditions.0.status", resource({ conditions: [{ type: "Ready" }] })],
    ["status.conditions.0.status", having(condition("Ready", "False", { status: "false" as "False" }))],
    ["status.conditions.0.message", having(ready({ message: "x".repeat(2_049) }))],
    ["Happy is no condition of ours", having(ready(), condition("Happy", "True"))],
    ["Ready is there twice", having(ready(), ready())],
    ["isn't CamelCase", having(ready({ reason: "all_applied" }))],
    ["none of REASONS", having(ready({ reason: "EverythingFine" }))],
    ["none of REASONS", having(ready({ reason: "constructor" }))],
    ["Ready is True because of Running", having(ready({ reason: "Running" }))],
    ["has no message", having(ready({ message: "" }))],
    ["has space around it", having(ready({ message: "applied " }))],
    ["ends in the middle", having(ready({ message: "failed:" }))],
    ["can't be printed", having(ready({ message: "a\nb" }))],
    ["lacks a value", having(ready({ message: "undefined of 12" }))],
    ["lacks a value", having(ready({ message: "failed: [object Object]" }))],
    ["no time as of RFC 3339", having(ready({ lastTransitionTime: "Sun Mar 01 2026" }))],
    ["no time as of RFC 3339", having(ready({ lastTransitionTime: "2026-13-01T00:00:00Z" }))],
    ["Ready has observed the generation 3", having(ready({ observedGeneration: 3 }))],
    ["newer than the generation 2", resource({ observedGeneration: 3 })],
    ["Reconciling is there although it is False", having(ready(), condition("Reconciling", "False"))],
    ["Stalled is there although it is Unknown", having(ready(), condition("Stalled", "Unknown"))],
    ["at once", having(unready(), reconciling(), stalled())],
    ["Ready is True beside", having(ready(), reconciling())],
    ["Ready is True beside", having(ready(), stalled())],
    ["without Reconciling or Stalled", having(unready())],
    ["without Reconciling or Stalled", having(condition("Ready", "Unknown"))],
    ["Ready isn't there", having(reconciling())],
    ["phase", resource({ phase: "Ready" })],
    ["the release 5f0c is there twice", resource({ releases: [release(), release()] })],
    [
      "more than one release is Running",
      resource({ releases: [release({ state: "Running" }), release({ key: "6", state: "Running" })] }),
    ],
    ["of epoch 2, after 1", resource({ releases: [release({ epoch: 2 })] })],
    ["Running without a run", resource({ releases: [release({ state: "Running", job: "" })] })],
    ["is there twice", resource({ runs: [run(), run()] })],
    ["stands behind an older one", resource({ runs: [run(), run({ id: "b", startedAt: "2026-03-01T12:00:01Z" })] })],
    ["which is no time", resource({ runs: [run({ startedAt: "yesterday" })] })],
    ["is RUNNING and has ended", resource({ runs: [run({ status: "RUNNING" })] })],
    ["hasn't ended", resource({ runs: [{ ...run({ status: "FAILED" }), finishedAt: undefined }] })],
    ["historyLimit is 1", resource({ runs: [run(), run({ id: "b" })] }, { historyLimit: 1 })],
    ["looks like a credential", having(ready({ message: "postgres://web:other@db/shop" }))],
    ["holds a canary", having(ready({ message: "hunter2hunter2 is there" }))],
    ["holds a canary", having(ready({ message: Buffer.from("hunter2hunter2").toString("base64") }))],
    ["holds a canary", having(ready({ message: encodeURIComponent("p@ss/word word") }))],
  ])("%s", (violation, invalid) => {
    const canaries = ["hunter2hunter2", "p@ss/word word"];
    expect(statusViolations(invalid, { canaries })).toContainEqual(expect.stringContaining(violation));
    expect(() => expectValidStatus(invalid, { canaries })).toThrow("to deeply equal []");
  });

  test("a credential isn't told again", () => {
    const found = statusViolations(having(ready({ message: "postgres://web:other@db/shop" })));
    expect(found).toEqual(["the status holds what looks like a credential"]);
  });
});
