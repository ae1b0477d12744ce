/** What a real API server does with our Lease. The timing, without waiting for it: lead.test.ts. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { clusterUp } from "../../test/cluster/cluster.ts";
import type { Cluster } from "../../test/cluster/provider.ts";
import { connect } from "../api/connect.ts";
import { createApi } from "../api/request.ts";
import type { Api } from "../api/api.ts";
import { systemClock } from "../clock.ts";
import { fakeClock } from "../clock-fixture.ts";
import { openLog } from "../log.ts";
import { Misconfigured } from "../misconfigured.ts";
import { lead } from "./lead.ts";
import type { LeaseEnd } from "./lead.ts";
import { leaseClient } from "./lease.ts";
import type { Lease } from "./record.ts";
import type { Leading } from "./term.ts";

const namespace = "lease-test";
let cluster: Cluster;
let api: Api;
let close: () => void;

beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const { kubeconfig } = cluster;
  const connection = connect({ kubeconfig, inCluster: false, userAgent: "test" }, systemClock.now);
  api = createApi(connection);
  close = () => connection.close();
});

afterAll(async () => {
  close();
  await cluster.kubectl("delete", "namespace", namespace, "--wait=false");
  await cluster.down();
});

const log = openLog({ level: "error", write: () => undefined, wall: systemClock.wall });
const signal = new AbortController().signal;
const stored = async (name: string): Promise<Lease> =>
  await api.request<Lease>("GET", `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`);

function candidate(name: string, identity: string) {
  const controller = new AbortController();
  const begun = Promise.withResolvers<Leading>();
  const work = Promise.withResolvers<void>();
  const options = { api, clock: systemClock, log, namespace, name, identity };
  const ended: Promise<LeaseEnd> = lead(options, controller.signal, async (leading) => {
    begun.resolve(leading);
    await work.promise;
  });
  const stop = async (): Promise<LeaseEnd> => {
    controller.abort();
    work.resolve();
    return await ended;
  };
  onTestFinished(async () => void (await stop()));
  return { leading: begun.promise, stop };
}

test("a lease that isn't there is made, kept, and released on a clean stop for the next one", async () => {
  const a = candidate("handed-over", "a");
  expect((await a.leading).leads()).toBe(true);
  const { spec } = await stored("handed-over");
  expect(spec).toMatchObject({ holderIdentity: "a", leaseDurationSeconds: 15, leaseTransitions: 0 });
  const b = candidate("handed-over", "b");
  expect(await a.stop()).toBe("stopped");
  await b.leading;
  expect((await stored("handed-over")).spec).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
  await b.stop();
  expect((await stored("handed-over")).spec).toMatchObject({ leaseDurationSeconds: 1, leaseTransitions: 1 });
  expect((await stored("handed-over")).spec?.holderIdentity ?? "").toBe("");
});

test("of many that want it at once one leads", async () => {
  const leading: string[] = [];
  const clients = Array.from({ length: 8 }, (_, index) => `candidate-${index}`).map((identity) => ({
    identity,
    client: leaseClient({ api, clock: systemClock, namespace, name: "wanted", identity }),
  }));
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      clients.map(async ({ identity, client }) => {
        if ((await client.take(signal)) !== null) leading.push(identity);
      }),
    );
  }
  // It may take it again: it is its own.
  expect(new Set(leading).size).toBe(1);
  expect((await stored("wanted")).spec?.holderIdentity).toBe(leading[0]);
});

test("a renewal doesn't go over somebody else's word, and survives one that only touched the object", async () => {
  const clock = fakeClock();
  const client = (identity: string) => leaseClient({ api, clock, namespace, name: "contested", identity });
  const [a, b] = [client("a"), client("b")];
  expect(await a.take(signal)).toBe(clock.now() + 10_000);
  await cluster.kubectl("annotate", "lease", "contested", "-n", namespace, "note=seen");
  expect(await a.renew(signal)).toBe(clock.now() + 10_000);
  expect(await b.take(signal)).toBeNull();
  clock.freeze(15_000);
  expect(await b.take(signal)).toBe(clock.now() + 10_000);
  expect(await a.renew(signal)).toBeNull();
  await a.release(signal);
  expect((await stored("contested")).spec).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
});

test("a lease that kubectl deleted is made again by its leader", async () => {
  const client = leaseClient({ api, clock: systemClock, namespace, name: "deleted", identity: "a" });
  await client.take(signal);
  await cluster.kubectl("delete", "lease", "deleted", "-n", namespace);
  expect(await client.renew(signal)).not.toBeNull();
  expect((await stored("deleted")).spec?.holderIdentity).toBe("a");
});

test("a namespace that isn't there is told by its name", async () => {
  const client = leaseClient({ api, clock: systemClock, namespace: "nowhere", name: "l", identity: "a" });
  const error: unknown = await client.take(signal).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Misconfigured);
  expect(error).toMatchObject({ message: "There is no namespace nowhere for the operator's lease." });
});
