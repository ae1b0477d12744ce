import { describe, expect, test } from "vitest";
import { MigrationState } from "../../contract/ops.ts";
import { stateOf } from "../../contract/ops-payload.ts";
import { alertsOf } from "../../contract/ops-status.ts";
import { generator } from "../../test/operator/random.ts";
import { liveOf, sightOf } from "./answers.ts";
import { observedOf } from "./observed-of.ts";
import { opsCaches } from "./ops.fixture.ts";
import type { OpsCaches } from "./ops.fixture.ts";

const NOW = new Date("2026-03-01T00:00:00.000Z");
const ago = (ms: number): string => new Date(NOW.getTime() - ms).toISOString();
const clock = { now: () => 1_000_000, wall: () => NOW.getTime() };
const MINUTE = 60_000;

function alerts(
  status: object,
  { caches = opsCaches(), spec = {} }: { caches?: OpsCaches; spec?: object } = {},
): string[] {
  caches.resource("web", status, { spec });
  if (caches.state.freshAt === Infinity) caches.state.freshAt = clock.now();
  const raw = caches.migrations.get("shop/web");
  if (raw === undefined) throw new Error("it isn't there");
  const live = liveOf(observedOf(raw), sightOf({ ...caches }, clock));
  return alertsOf(live, { now: NOW, lookbackMs: 120 * MINUTE }).map(
    ({ severity, code, message }) => `${severity} ${code}: ${message}`,
  );
}

const told = {
  telemetry: { available: true, reason: "" },
  schema: { version: "0042", applied: 42, pending: 0, pendingNames: [], observedAt: ago(MINUTE) },
};
const running = { id: "run-1", status: "RUNNING", runner: "kubernetes-job", job: "web-1", startedAt: ago(90_000) };
const condition = (type: string, reason: string, message = "") => ({ type, status: "True", reason, message });

describe("a run that is on", () => {
  const status = { ...told, runs: [running] };
  const stuck = (for_: string, where = "") => [
    `critical STUCK_RUN: a run of kubernetes-job${where} has had no heartbeat for ${for_}`,
  ];

  test("is at work as long as its container runs", () => {
    const caches = opsCaches();
    caches.job("web-1", { running: { startedAt: ago(90_000) } });
    expect(alerts(status, { caches })).toEqual([]);
  });

  test("is at work while its pod is about to start", () => {
    const caches = opsCaches();
    caches.job("web-1", { waiting: { reason: "ContainerCreating" } }, { phase: "Pending" });
    expect(alerts(status, { caches })).toEqual([]);
  });

  test("is stuck when its image can't be pulled", () => {
    const caches = opsCaches();
    caches.job("web-1", { waiting: { reason: "ImagePullBackOff", message: "no such image" } }, { phase: "Pending" });
    expect(alerts(status, { caches })).toEqual(stuck("1m", " on web-1-pod"));
  });

  test("is stuck when its node doesn't answer", () => {
    const caches = opsCaches();
    caches.job("web-1", { running: { startedAt: ago(90_000) } }, { reason: "NodeLost" });
    expect(alerts(status, { caches })).toEqual(stuck("1m", " on web-1-pod"));
  });

  test("is stuck without a Job, a minute after its start", () => {
    expect(alerts(status)).toEqual(stuck("1m"));
    expect(alerts({ ...told, runs: [{ ...running, startedAt: ago(MINUTE) }] })).toEqual([]);
  });

  test("is as old as what was last heard of the API server, once that is silent for longer than a watch may be", () => {
    const caches = opsCaches();
    caches.job("web-1", { running: { startedAt: ago(90_000) } });
    caches.state.freshAt = clock.now() - 119_000;
    expect(alerts(status, { caches })).toEqual([]);
    caches.state.freshAt = clock.now() - 121_000;
    expect(alerts(status, { caches })).toEqual(stuck("2m", " on web-1-pod"));
  });

  test("whose end nobody writes down is stuck a minute after its pod's end", () => {
    const ended = (at: string) => {
      const caches = opsCaches();
      const message = JSON.stringify({});
      caches.job("web-1", { terminated: { exitCode: 0, reason: "Completed", message, startedAt: at, finishedAt: at } });
      return alerts(status, { caches });
    };
    // No report of its own: lost, and then its start counts.
    expect(ended(ago(30_000))).toEqual(stuck("1m", " on web-1-pod"));
  });
});

describe("what is known of a resource", () => {
  test("that nobody has looked at is that no run has told of it", () => {
    expect(alerts({})).toEqual(["warning STALE_TELEMETRY: telemetry is unavailable: no run has told of it yet"]);
    expect(alerts(undefined as unknown as object)).toEqual(alerts({}));
  });

  test("that is stalled before any run could look is that its state can't be told", () => {
    const conditions = [condition("Stalled", "InvalidSpec", "the spec can't be used: source")];
    expect(alerts({ ...told, conditions })).toEqual([
      "critical STALE_TELEMETRY: the state can't be told: InvalidSpec: the spec can't be used: source",
    ]);
  });

  test("that is stalled with migrations pending is what is pending", () => {
    const schema = { ...told.schema, pending: 1, pendingNames: ["0043"] };
    const conditions = [condition("Stalled", "MigrationFailed", "42P01")];
    expect(alerts({ ...told, schema, conditions })).toEqual([
      "critical PENDING_MIGRATIONS: 1 migration pending and no run at work: 0043",
    ]);
  });

  test("that has drifted is what the condition says of it", () => {
    const conditions = [condition("Drifted", "Drift", "history and source disagree on 0007, 0009")];
    expect(alerts({ ...told, conditions })).toEqual([
      "critical DRIFT: drifted: history and source disagree on 0007, 0009",
    ]);
  });

  test.each([
    ["12h by default", {}, 12 * 60 * MINUTE],
    ["twice the interval", { drift: { interval: "10m" } }, 20 * MINUTE],
  ])("is stale after %s", (_, spec, ms) => {
    const at = (age: number) => alerts({ ...told, schema: { ...told.schema, observedAt: ago(age) } }, { spec });
    expect(at(ms)).toEqual([]);
    expect(at(ms + 1)).toEqual([expect.stringMatching(/^warning STALE_TELEMETRY: last observed/)]);
  });

  test("never is stale without checks for drift", () => {
    const status = { ...told, schema: { ...told.schema, observedAt: ago(999_999 * MINUTE) } };
    expect(alerts(status, { spec: { drift: { interval: "0s" } } })).toEqual([]);
  });

  test("a failure is cured once its migration is the newest applied one, whoever applied it", () => {
    const error = { code: "42P01", message: "no such table", migration: "0042" };
    const failed = { ...running, status: "FAILED", finishedAt: ago(10 * MINUTE), error };
    expect(alerts({ ...told, runs: [failed] })).toEqual([
      expect.stringMatching(/^warning RECENT_FAILURE.*cured since$/),
    ]);
  });

  test("a password in what an image's program said isn't repeated", () => {
    const error = { code: "X", message: "can't reach postgres://web:canary-hunter2@db/shop" };
    const failed = { ...running, status: "FAILED", finishedAt: ago(MINUTE), error };
    const [alert] = alerts({ ...told, runs: [failed] });
    expect(alert).toContain("can't reach postgres://web:");
    expect(alert).not.toContain("canary");
  });
});

test("whatever a status holds, the payload has its form and its bounds", () => {
  const pick = generator(7);
  const values = [
    null,
    true,
    -1,
    1e99,
    0.5,
    "",
    "x".repeat(5_000),
    "\uD800",
    [],
    {},
    [[]],
    [null],
    "2026-13-45",
    "__proto__",
  ];
  const names = [
    "status",
    "runs",
    "schema",
    "pending",
    "pendingNames",
    "version",
    "conditions",
    "type",
    "error",
    "blockers",
  ];
  const more = [
    "message",
    "startedAt",
    "finishedAt",
    "lockWaitMs",
    "applied",
    "telemetry",
    "available",
    "id",
    "observedAt",
  ];
  const made = (depth: number): unknown => {
    if (depth === 0 || pick() < 0.3) return values[Math.floor(pick() * values.length)];
    if (pick() < 0.4) return Array.from({ length: Math.floor(pick() * (depth > 1 ? 4 : 120)) }, () => made(depth - 1));
    return Object.fromEntries([...names, ...more].flatMap((name) => (pick() < 0.4 ? [[name, made(depth - 1)]] : [])));
  };
  const caches = opsCaches();
  caches.state.freshAt = clock.now();
  const statuses = ["RUNNING", "FAILED", "SUCCESS"];
  for (let round = 0; round < 300; round++) {
    const runs = Array.from({ length: 5 }, () => ({
      ...(made(2) as object),
      status: statuses[Math.floor(pick() * 3)],
    }));
    caches.resource("web", round % 3 === 0 ? made(3) : { ...(made(3) as object), runs });
    const raw = caches.migrations.get("shop/web");
    if (raw === undefined) throw new Error("it isn't there");
    const live = liveOf(observedOf(raw), sightOf(caches, clock));
    const state = stateOf(live, 100);
    expect(MigrationState.parse(state)).toEqual(state);
    alertsOf(live, { now: NOW, lookbackMs: 1 });
    expect(state.pending.length).toBeLessThanOrEqual(100);
    for (const run of state.recentRuns) expect(JSON.stringify(run).length).toBeLessThan(100_000);
  }
});
