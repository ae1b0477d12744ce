import { expect, test } from "vitest";
import { GATE } from "../../contract/resource/names.ts";
import { fakeClock } from "../clock-fixture.ts";
import { opsCaches } from "../ops/ops.fixture.ts";
import { openInstruments } from "./instruments.ts";
import { openMetrics } from "./metrics.ts";
import { RESOURCE_METRICS } from "./resources.ts";

/** A series' value, by its name and labels; undefined where it isn't there. */
type Series = Map<string, number>;

function parse(text: string): Series {
  const series: Series = new Map();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("# ")) continue;
    const found = /^([a-z_0-9]+(?:\{.*\})?) (\S+)$/.exec(line);
    if (found === null) throw new Error(`no line of a metric: ${line}`);
    const [, name = "", value = ""] = found;
    if (series.has(name)) throw new Error(`twice: ${name}`);
    series.set(name, Number(value));
  }
  return series;
}

function setUp() {
  const clock = fakeClock();
  const caches = opsCaches();
  const instruments = openInstruments();
  const state = { leads: false, queued: 0 };
  caches.state.freshAt = -Infinity;
  const metrics = openMetrics(instruments, { caches, leads: () => state.leads, queued: () => state.queued }, clock);
  const text = async (): Promise<string> => Buffer.from((await metrics()).body).toString();
  return { caches, clock, instruments, state, text, series: async () => parse(await text()) };
}

test("each metric has a help and a type, once, and lockkeeper's are those of the reference", async () => {
  const { caches, text } = setUp();
  caches.resource("web", {});
  const told = await text();
  const types = [...told.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = ""]) => name);
  const helps = [...told.matchAll(/^# HELP (\S+) \S.*$/gm)].map(([, name = ""]) => name);
  expect(helps.toSorted()).toEqual(types.toSorted());
  expect(new Set(types).size).toBe(types.length);
  expect(types.filter((name) => name.startsWith("lockkeeper_")).toSorted()).toEqual(
    [
      ...Object.keys(RESOURCE_METRICS),
      ...["run_duration_seconds", "run_lock_wait_seconds", "gate_wait_seconds", "reconcile_duration_seconds"],
      ...["reconciles_total", "watch_restarts_total", "api_requests_total", "watch_last_heard_timestamp_seconds"],
      ...["leader", "queue_depth", "build_info"],
    ]
      .map((name) => (name.startsWith("lockkeeper_") ? name : `lockkeeper_${name}`))
      .toSorted(),
  );
  expect(types).toContain("process_resident_memory_bytes");
  expect(types).toContain("nodejs_eventloop_lag_seconds");
});

test("a resource's series come with it and go with it, those that count too", async () => {
  const { caches, instruments, series } = setUp();
  const web = 'namespace="shop",name="web"';
  const own = (all: Series) => [...all.keys()].filter((name) => name.includes(web));
  expect(own(await series())).toEqual([]);
  caches.resource("web", { schema: { pending: 2 }, telemetry: { available: true } });
  instruments.runs.count("shop/web", "lock_timeout");
  const there = await series();
  expect(there.get(`lockkeeper_migrations_pending{${web}}`)).toBe(2);
  expect(there.get(`lockkeeper_telemetry_available{${web}}`)).toBe(1);
  expect(there.get(`lockkeeper_runs_total{${web},outcome="lock_timeout"}`)).toBe(1);
  expect(there.get(`lockkeeper_runs_total{${web},outcome="success"}`)).toBe(0);
  expect(there.get(`lockkeeper_lock_timeouts_total{${web}}`)).toBe(1);
  expect(there.has(`lockkeeper_run_started_timestamp_seconds{${web}}`)).toBe(false);
  caches.gone("web");
  instruments.runs.forget("shop/web");
  expect(own(await series())).toEqual([]);
  caches.resource("web", {});
  expect((await series()).get(`lockkeeper_lock_timeouts_total{${web}}`)).toBe(0);
});

test("pods at the gate are counted, and the oldest tells since when", async () => {
  const { caches, series } = setUp();
  const web = '{namespace="shop",name="web"}';
  caches.resource("web", {});
  const pod = (name: string, creationTimestamp: string) =>
    caches.gated.event("ADDED", {
      metadata: {
        ...{ name, namespace: "shop", uid: name, resourceVersion: "1", creationTimestamp },
        annotations: { [GATE]: "web" },
      },
      spec: { schedulingGates: [{ name: GATE }] },
    });
  expect((await series()).get(`lockkeeper_gated_pods${web}`)).toBe(0);
  expect((await series()).has(`lockkeeper_gate_waiting_since_timestamp_seconds${web}`)).toBe(false);
  pod("a", "2026-03-01T00:00:10Z");
  pod("b", "2026-03-01T00:00:05Z");
  expect((await series()).get(`lockkeeper_gated_pods${web}`)).toBe(2);
  expect((await series()).get(`lockkeeper_gate_waiting_since_timestamp_seconds${web}`)).toBe(
    Date.UTC(2026, 2, 1, 0, 0, 5) / 1_000,
  );
});

test("what the operator itself does is told as it is at that moment", async () => {
  const { caches, clock, state, series } = setUp();
  const heard = "lockkeeper_watch_last_heard_timestamp_seconds";
  expect((await series()).has(heard)).toBe(false);
  expect((await series()).get("lockkeeper_leader")).toBe(0);
  Object.assign(state, { leads: true, queued: 3 });
  caches.state.freshAt = clock.now();
  await clock.pass(5_000);
  const now = await series();
  expect(now.get(heard)).toBe((clock.wall() - 5_000) / 1_000);
  expect(now.get("lockkeeper_leader")).toBe(1);
  expect(now.get("lockkeeper_queue_depth")).toBe(3);
});

test("what hasn't happened yet is there as 0, so that its first time is an increase", async () => {
  const { series } = setUp();
  const now = await series();
  expect(now.get('lockkeeper_reconciles_total{result="conflict"}')).toBe(0);
  expect(now.get('lockkeeper_watch_restarts_total{kind="jobs"}')).toBe(0);
  expect(now.get('lockkeeper_run_duration_seconds_count{outcome="failed"}')).toBe(0);
  expect(now.get("lockkeeper_gate_wait_seconds_count")).toBe(0);
});

test("a name that could end a label ends none", async () => {
  const { caches, text } = setUp();
  caches.resource('web"} 1\nevil{x="', {}, { namespace: "a\\b" });
  const told = await text();
  expect(() => parse(told)).not.toThrow();
  expect(told).not.toMatch(/^evil/m);
});
