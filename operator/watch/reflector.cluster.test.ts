/** What the reflector promises, against a real API server; ConfigMaps stand for what the operator watches. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { clusterUp } from "../../test/cluster/cluster.ts";
import type { Cluster } from "../../test/cluster/provider.ts";
import { killApiServer } from "../../test/operator/api-server.ts";
import { startApiProxy } from "../../test/operator/proxy.ts";
import type { Action } from "../../test/operator/proxy-rule.ts";
import type { Api, ApiError } from "../api/api.ts";
import { connect } from "../api/connect.ts";
import { createApi } from "../api/request.ts";
import { keyOf } from "../kubernetes/objects.ts";
import type { KubernetesObject } from "../kubernetes/objects.ts";
import { startReflector } from "./reflector.ts";
import type { Restart } from "./reflector.ts";
import { createStore } from "./store.ts";
import { TIMING } from "./timing.ts";
import type { Timing } from "./timing.ts";

type ConfigMap = KubernetesObject & { data?: Record<string, string> };
const CONFIG_MAPS = { api: "/api/v1", plural: "configmaps" };
const QUICK: Partial<Timing> = { backoff: [50, 200], spread: 50 };
const SOON = { timeout: 20_000, interval: 20 };

let cluster: Cluster;
let server: Api;
beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  server = apiOf(cluster.kubeconfig);
});
afterAll(async () => await cluster.down());

describe("a reflector", () => {
  it("lists what is there, page by page, and follows what changes", async () => {
    const { create, change, remove } = await newNamespace();
    await Promise.all(Array.from({ length: 510 }, async (_, i) => await create(`many-${i}`)));
    const proxy = await proxied();
    const { watched, synced } = watch(proxy.kubeconfig, create.namespace);
    await synced;
    expect(watched()).toHaveLength(510);
    const lists = proxy.requests.filter((request) => !request.watch);
    expect(lists.map(({ query }) => [query.get("limit"), query.has("continue"), query.get("resourceVersion")])).toEqual(
      [
        ["500", false, null],
        ["500", true, null],
      ],
    );

    await create("new");
    await change("many-1", "changed");
    await remove("many-2");
    await expect.poll(() => [valueOf(watched(), "new"), valueOf(watched(), "many-1")], SOON).toEqual(["1", "changed"]);
    await expect.poll(() => valueOf(watched(), "many-2"), SOON).toBe(undefined);
    expect(proxy.requests.filter((request) => request.watch)).toHaveLength(1);
  });

  it("begins its list again when the server forgets where it was", async () => {
    const { create, remove } = await newNamespace();
    for (const name of ["a", "b", "c", "d", "e"]) await create(name);
    const proxy = await proxied();
    let forgets = 1;
    proxy.rule((request) => {
      if (request.watch) return null;
      const forgotten = request.query.has("continue") && forgets-- > 0;
      return forgotten ? { status: 410 } : { pass: true, query: { limit: "2" } };
    });
    const { watched, synced, reflector, restarts } = watch(proxy.kubeconfig, create.namespace);
    await synced;
    expect(watched()).toHaveLength(5);
    expect(restarts).toEqual(["refused"]);
    expect(proxy.requests.filter((request) => !request.watch)).toHaveLength(2 + 3);

    proxy.stall();
    await remove("a");
    forgets = 1;
    await reflector.relist();
    expect(watched()).toHaveLength(4);
  });

  it("sees what was deleted and made while the server couldn't be reached", async () => {
    const { create, remove } = await newNamespace();
    await create("a");
    const proxy = await proxied();
    const { watched, synced, reflector } = watch(proxy.kubeconfig, create.namespace);
    await synced;
    const connected = proxy.rule(() => ({ drop: true }));
    proxy.cut();
    await expect.poll(reflector.restarts, SOON).toBeGreaterThan(1);
    await remove("a");
    await create("b");
    expect(watched().map(keyOf)).toEqual([`${create.namespace}/a`]);
    connected();
    await expect.poll(() => watched().map(keyOf), SOON).toEqual([`${create.namespace}/b`]);
  });

  it("loses nothing of an event that is cut in its middle", async () => {
    const { create, change } = await newNamespace();
    await create("a");
    const proxy = await proxied();
    const { watched, synced, restarts, changes } = watch(proxy.kubeconfig, create.namespace);
    let cuts = 0;
    proxy.rule((request) => (request.watch && cuts++ < 3 ? { cutAfter: 150 + cuts } : null));
    await synced;
    await change("a", "2");
    await change("a", "3");
    await expect.poll(() => valueOf(watched(), "a"), SOON).toBe("3");
    expect(restarts).toEqual(["broken", "broken", "broken"]);
    expect(changes).toEqual(["1", "2", "3"]);
  });

  it("has what the server has after writes, own ones too, while connections break all the time", async () => {
    const { create, change, remove } = await newNamespace();
    const proxy = await proxied();
    const { watched, synced, store } = watch(proxy.kubeconfig, create.namespace, { silence: 400 });
    await synced;
    const faults: (Action | null)[] = [null, { cutAfter: 700 }, { stallAfter: 300 }, { status: 410 }, { drop: true }];
    let asked = 0;
    const bad = proxy.rule((request) => {
      const which = asked++ % 7;
      if (!request.watch) return which === 0 ? { status: 500 } : null;
      return faults[which] ?? null;
    });
    const names = ["a", "b", "c", "d", "e", "f"];
    for (let turn = 0; turn < 240; turn++) {
      const name = names[(turn * 5) % 6] ?? "a";
      if (turn % 9 === 4) {
        const gone = watched().find(({ metadata }) => metadata.name === name)?.metadata.uid ?? "";
        await remove(name).then(() => turn % 2 === 0 && store.remove(`${create.namespace}/${name}`, gone), ignore);
      } else {
        const written = await change(name, `${turn}`).catch(async () => await create(name));
        if (turn % 3 === 0) store.put(written);
      }
      if (turn % 10 === 0) proxy.cut((request) => request.watch);
    }
    bad();
    const versions = (objects: ConfigMap[]) => objects.map(({ metadata }) => [metadata.name, metadata.resourceVersion]);
    const path = `/api/v1/namespaces/${create.namespace}/configmaps`;
    const { items } = await server.request<{ items: ConfigMap[] }>("GET", path);
    await expect.poll(() => versions(watched()).toSorted(), SOON).toEqual(versions(items).toSorted());
    expect(items.length).toBeGreaterThan(2);
  });

  it("ends a stream that says nothing, and goes on from where it was", async () => {
    const { create, change } = await newNamespace();
    await create("a");
    const proxy = await proxied();
    const { watched, synced, restarts, reflector } = watch(proxy.kubeconfig, create.namespace, { silence: 700 });
    await synced;
    await expect.poll(() => proxy.stall((request) => request.watch), SOON).toBe(1);
    const freshAt = reflector.freshAt();
    await change("a", "2");
    await expect.poll(() => valueOf(watched(), "a"), SOON).toBe("2");
    expect(restarts).toContain("silent");
    expect(reflector.freshAt()).toBeGreaterThan(freshAt);
    expect(proxy.requests.filter((request) => !request.watch)).toHaveLength(1);
  });

  it("doesn't take for dead what has nothing to say, once it knows", async () => {
    const { create } = await newNamespace();
    const proxy = await proxied();
    // Of a kind that nobody has written the server sends no bookmarks.
    const kind = { api: "/apis/batch/v1", plural: "cronjobs" };
    const { synced, restarts, reflector } = watch(proxy.kubeconfig, create.namespace, { silence: 2_000 }, kind);
    await synced;
    const watches = () => proxy.requests.filter((request) => request.watch);
    await expect.poll(() => watches().length, SOON).toBeGreaterThan(3);
    expect(
      watches()
        .map(({ query }) => query.get("timeoutSeconds"))
        .slice(1, 4),
    ).toEqual(["1", "1", "1"]);
    expect(restarts).toEqual(["silent"]);
    expect(performance.now() - reflector.freshAt()).toBeLessThan(2_000);
  });

  it("lists again when the server no longer has its version, and finds what is gone", async (context) => {
    context.skip(cluster.provider !== "local", "only the local cluster's API server can be killed");
    const { create, remove } = await newNamespace();
    await create("a");
    await create("b");
    const proxy = await proxied();
    // Few tries, so that it isn't their number that makes it list.
    const slow = { backoff: [3_000, 3_000] } as const;
    const { watched, synced, restarts } = watch(proxy.kubeconfig, create.namespace, slow);
    await synced;
    const blocked = proxy.rule(() => ({ drop: true }));
    proxy.cut();
    await remove("a");
    // A server that has just started knows no older version than that of its start.
    await killApiServer(cluster);
    await expect.poll(async () => await create("c").catch(() => null), SOON).not.toBe(null);
    blocked();
    await expect.poll(() => valueOf(watched(), "c"), SOON).toBe("1");
    expect(valueOf(watched(), "a")).toBe(undefined);
    expect(restarts).toContain("expired");
  });

  it("lists again when the status of a watch says that its version is too old", async () => {
    const { create, remove } = await newNamespace();
    await create("a");
    const proxy = await proxied();
    const { watched, synced, restarts } = watch(proxy.kubeconfig, create.namespace);
    await synced;
    let asked = 0;
    const tooOld = proxy.rule((request) => (request.watch ? (asked++, { status: 410 }) : null));
    proxy.cut();
    await expect.poll(() => asked, SOON).toBeGreaterThan(1);
    await remove("a");
    tooOld();
    await expect.poll(watched, SOON).toEqual([]);
    expect(restarts).toContain("expired");
  });

  it("goes on after the server was killed and is there again", async (context) => {
    context.skip(cluster.provider !== "local", "only the local cluster's API server can be killed");
    const { create, change } = await newNamespace();
    await create("a");
    const { watched, synced, reflector } = watch(cluster.kubeconfig, create.namespace);
    await synced;
    await killApiServer(cluster);
    await expect.poll(reflector.restarts, SOON).toBeGreaterThan(0);
    await expect.poll(async () => await change("a", "2").catch(() => null), SOON).not.toBe(null);
    await expect.poll(() => valueOf(watched(), "a"), SOON).toBe("2");
    await create("b");
    await expect.poll(() => valueOf(watched(), "b"), SOON).toBe("1");
  });

  it("doesn't undo an own write by an older event", async () => {
    const { create, change } = await newNamespace();
    await create("a");
    const proxy = await proxied();
    const { watched, synced, store, changes } = watch(proxy.kubeconfig, create.namespace);
    await synced;
    await expect.poll(() => proxy.stall((request) => request.watch), SOON).toBe(1);
    await change("a", "of another");
    store.put(await change("a", "own"));
    expect(valueOf(watched(), "a")).toBe("own");
    proxy.cut();
    await create("later");
    await expect.poll(() => valueOf(watched(), "later"), SOON).toBe("1");
    expect(changes).toEqual(["1", "own", "1"]);
  });

  it("has after relist() what the server had at the call, whatever the watch brings", async () => {
    const { create, change } = await newNamespace();
    await create("a");
    const proxy = await proxied();
    const { watched, synced, reflector } = watch(proxy.kubeconfig, create.namespace);
    await synced;
    await expect.poll(() => proxy.stall((request) => request.watch), SOON).toBe(1);
    await change("a", "2");
    await Promise.all([reflector.relist(), reflector.relist()]);
    expect(valueOf(watched(), "a")).toBe("2");
    let refused = 0;
    proxy.rule((request) => (!request.watch && refused++ < 2 ? { status: 500 } : null));
    await change("a", "3");
    await reflector.relist();
    expect([valueOf(watched(), "a"), refused]).toEqual(["3", 3]);
  });

  it("tells which kind is missing, and ends", async () => {
    const { synced, reflector } = watch(
      cluster.kubeconfig,
      "default",
      {},
      { api: "/apis/lockkeeper.dev/v0", plural: "locks" },
    );
    await expect(synced).rejects.toMatchObject({
      status: 404,
      message:
        "The cluster doesn't serve locks of lockkeeper.dev/v0: install the CRD locks.lockkeeper.dev, and start again.",
    });
    await expect(reflector.relist()).rejects.toMatchObject({ status: 404 });
  });

  it("tells which right is missing", async () => {
    const proxy = await proxied();
    proxy.rule(() => ({ pass: true, headers: { "impersonate-user": "nobody" } }));
    const { synced } = watch(proxy.kubeconfig, "shop");
    const error = await synced.catch((reason: unknown) => reason as ApiError);
    expect(error).toMatchObject({ status: 403, reason: "Forbidden" });
    expect(String(error)).toContain(
      "may not list configmaps of v1 in the namespace shop: give its service account list and watch",
    );
    expect(String(error)).toContain('User "nobody" cannot list resource "configmaps"');
  });

  it("keeps what it has when a right is taken away later, and goes on when it is back", async () => {
    const { create } = await newNamespace();
    await create("a");
    const proxy = await proxied();
    const { watched, synced, reflector } = watch(proxy.kubeconfig, create.namespace);
    await synced;
    const allowed = proxy.rule(() => ({ status: 403 }));
    proxy.cut();
    await expect.poll(reflector.restarts, SOON).toBeGreaterThan(6);
    expect(watched()).toHaveLength(1);
    await create("b");
    allowed();
    await expect.poll(watched, SOON).toHaveLength(2);
  });
});

function apiOf(kubeconfig: string): Api {
  const connection = connect({ kubeconfig, inCluster: false, userAgent: "test" }, () => performance.now());
  onEnd(() => connection.close());
  return createApi(connection);
}

async function proxied() {
  const proxy = await startApiProxy(cluster);
  onTestFinished(async () => await proxy[Symbol.asyncDispose]());
  return proxy;
}

/** A reflector until the test's end. `changes`: each value that the ConfigMaps came to have, in order. */
function watch(kubeconfig: string, namespace: string, timing: Partial<Timing> = {}, resource = CONFIG_MAPS) {
  const ending = new AbortController();
  onTestFinished(() => ending.abort(new Error("the test is over")));
  const changes: (string | undefined)[] = [];
  const restarts: Restart[] = [];
  const store = createStore<ConfigMap, never>({
    indexes: {},
    trim: (object) => object,
    onChange: ({ after }) => changes.push(after?.data?.["value"]),
  });
  const reflector = startReflector({
    ...{ api: apiOf(kubeconfig), resource, namespace, feed: store, signal: ending.signal },
    now: () => performance.now(),
    onRestart: (why) => restarts.push(why),
    timing: { ...TIMING, ...QUICK, ...timing },
  });
  return { store, reflector, synced: reflector.synced, changes, restarts, watched: () => [...store.values()] };
}

async function newNamespace() {
  const namespace = `test-${randomBytes(4).toString("hex")}`;
  await server.request("POST", "/api/v1/namespaces", { body: { metadata: { name: namespace } } });
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const create = async (name: string) =>
    await server.request<ConfigMap>("POST", path, { body: { metadata: { name }, data: { value: "1" } } });
  return {
    create: Object.assign(create, { namespace }),
    change: async (name: string, value: string) =>
      await server.request<ConfigMap>("PATCH", `${path}/${name}`, { patch: "merge", body: { data: { value } } }),
    remove: async (name: string) => await server.request("DELETE", `${path}/${name}`),
  };
}

const valueOf = (objects: ConfigMap[], name: string): string | undefined =>
  objects.find(({ metadata }) => metadata.name === name)?.data?.["value"];

function ignore(): void {}

function onEnd(action: () => void): void {
  try {
    onTestFinished(action);
  } catch {
    afterAll(action); // of the file's own hooks
  }
}
