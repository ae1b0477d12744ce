import { afterAll, beforeAll, expect, test } from "vitest";
import { clusterUp } from "../../test/cluster/cluster.ts";
import type { Cluster } from "../../test/cluster/provider.ts";
import type { Api } from "../api/api.ts";
import { connect } from "../api/connect.ts";
import type { Connection } from "../api/connect.ts";
import { createApi } from "../api/request.ts";
import { fakeClock } from "../clock-fixture.ts";
import type { EventBody, EventInput } from "./event.ts";
import { openRecorder } from "./recorder.ts";

let cluster: Cluster;
let connection: Connection;
let api: Api;
beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  connection = connect({ kubeconfig: cluster.kubeconfig, inCluster: false, userAgent: "lockkeeper-test" }, () =>
    performance.now(),
  );
  api = createApi(connection);
}, 30 * 60_000);
afterAll(async () => {
  connection.close();
  await cluster[Symbol.asyncDispose]();
});

/** A namespace of its own with an object that events are about. */
async function object(namespace: string) {
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const { metadata } = await api.request<{ metadata: { uid: string } }>("POST", path, {
    body: { metadata: { name: "web" } },
  });
  const regarding = { apiVersion: "v1", kind: "ConfigMap", namespace, name: "web", uid: metadata.uid };
  return (differs: Partial<EventInput> = {}): EventInput => ({
    regarding,
    type: "Warning",
    reason: "LockTimeout",
    note: "0007_add_sets waited 5 s for public.workouts",
    action: "Migrate",
    ...differs,
  });
}

type Recorded = EventBody & { deprecatedCount?: number };

async function recorded(namespace: string): Promise<Recorded[]> {
  const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
  const { items } = await api.request<{ items: Recorded[] }>("GET", path);
  return items.toSorted((a, b) => a.eventTime.localeCompare(b.eventTime));
}

function recorder() {
  const clock = fakeClock();
  const warned: Record<string, unknown>[] = [];
  return { clock, warned, ...openRecorderWith(clock, warned) };
}
function openRecorderWith(clock: ReturnType<typeof fakeClock>, warned: Record<string, unknown>[]) {
  const opened = openRecorder({ api, instance: "operator-0", clock, log: { warn: (keys) => warned.push(keys) } });
  return { record: opened.record, flush: async () => await opened.flush(60_000), dropped: () => opened.dropped };
}

test("an event tells what happened, to what, and by whom", async () => {
  const event = await object("tells");
  const { record, flush, warned } = recorder();
  record(event());
  await flush();
  expect(warned).toEqual([]);
  expect(await recorded("tells")).toMatchObject([
    {
      type: "Warning",
      reason: "LockTimeout",
      action: "Migrate",
      note: "0007_add_sets waited 5 s for public.workouts",
      regarding: event().regarding,
      reportingController: "lockkeeper.dev/operator",
      reportingInstance: "operator-0",
    },
  ]);
  expect(await cluster.kubectl("describe", "configmap", "web", "--namespace=tells")).toMatch(
    /Warning +LockTimeout .* lockkeeper.dev\/operator +0007_add_sets waited 5 s for public.workouts/,
  );
});

test("the same again is one event that counts, another note is another one", async () => {
  const event = await object("counts");
  const { record, flush, clock } = recorder();
  for (let times = 0; times < 3; times++) record(event());
  await flush();
  record(event());
  record(event({ note: "another" }));
  await clock.pass(1_000);
  record(event());
  await flush();
  const events = (await recorded("counts")).toSorted((a, b) => (a.note < b.note ? -1 : 1));
  expect(events.map(({ note, series }) => [note, series?.count])).toEqual([
    [event().note, 5],
    ["another", undefined],
  ]);
  expect(events[0]?.series?.lastObservedTime).toBe("2026-03-01T00:00:01.000000Z");
});

test("a series is written without being asked for, and ends after a while without news", async () => {
  const event = await object("ends");
  const { record, clock, flush } = recorder();
  record(event());
  await expect.poll(async () => (await recorded("ends")).length).toBe(1);
  record(event());
  await clock.pass(5_000);
  await expect.poll(async () => (await recorded("ends"))[0]?.series?.count).toBe(2);
  await clock.pass(6 * 60_000);
  record(event());
  await flush();
  expect((await recorded("ends")).map(({ series }) => series?.count)).toEqual([2, undefined]);
});

test("a series whose event has gone is there again, with its count", async () => {
  const event = await object("gone");
  const { record, flush, dropped } = recorder();
  record(event());
  await flush();
  await cluster.kubectl("delete", "events", "--all", "--namespace=gone");
  record(event());
  await flush();
  expect((await recorded("gone")).map(({ series }) => series?.count)).toEqual([2]);
  expect(dropped()).toBe(0);
});

test("the longest texts and the strangest are taken", async () => {
  const event = await object("longest");
  const { record, flush, warned } = recorder();
  record(event({ note: "ü\u0000\n".repeat(10_000), reason: "R".repeat(500), action: "A".repeat(500) }));
  record(event({ note: "connect to postgres://web:canary-password@db/shop\uD800" }));
  await flush();
  expect(warned).toEqual([]);
  const events = await recorded("longest");
  expect(events).toHaveLength(2);
  expect(JSON.stringify(events)).not.toContain("canary-password");
});

test("in a namespace that isn't there it is told, and nothing else suffers", async () => {
  const event = await object("there");
  const { record, flush, warned, dropped } = recorder();
  record(event({ regarding: { ...event().regarding, namespace: "not-there" } }));
  record(event());
  await flush();
  expect(await recorded("there")).toHaveLength(1);
  expect(warned).toMatchObject([{ namespace: "not-there", reason: "LockTimeout" }]);
  expect(dropped()).toBe(1);
});
