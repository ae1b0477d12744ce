/** What the Api promises, against a real API server and a proxy that misbehaves. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { clusterUp } from "../../test/cluster/cluster.ts";
import type { Cluster } from "../../test/cluster/provider.ts";
import { startApiProxy } from "../../test/operator/proxy.ts";
import type { ApiError } from "./api.ts";
import { connect } from "./connect.ts";
import { createApi } from "./request.ts";

type Object = { metadata: { name: string; resourceVersion: string }; data?: Record<string, string> };
const MAPS = "/api/v1/namespaces/default/configmaps";

let cluster: Cluster;
beforeAll(async () => (cluster = await clusterUp({ size: "control-plane" })));
afterAll(async () => await cluster.down());

describe("a request", () => {
  it("creates, reads, patches and deletes, and names the server's reason for what it refuses", async () => {
    const api = apiOf(cluster.kubeconfig);
    const body = { metadata: { name: "one" }, data: { text: "Grüße ✓" } };
    const created = await api.request<Object>("POST", MAPS, { body });
    expect(created.data).toEqual({ text: "Grüße ✓" });
    await expect(api.request("POST", MAPS, { body })).rejects.toMatchObject({ status: 409, reason: "AlreadyExists" });
    const patched = await api.request<Object>("PATCH", `${MAPS}/one`, {
      patch: "apply",
      query: { fieldManager: "test", force: true },
      body: { apiVersion: "v1", kind: "ConfigMap", ...body, data: { text: "2" } },
    });
    expect(patched.data).toEqual({ text: "2" });
    const { resourceVersion } = created.metadata;
    const stale = { ...body, metadata: { name: "one", resourceVersion } };
    await expect(api.request("PUT", `${MAPS}/one`, { body: stale })).rejects.toMatchObject({ reason: "Conflict" });
    await api.request("DELETE", `${MAPS}/one`);
    const error = await api.request("GET", `${MAPS}/one`).catch((reason: unknown) => reason as ApiError);
    expect(error).toMatchObject({
      status: 404,
      reason: "NotFound",
      message: `GET ${MAPS}/one: the API server answered 404 NotFound: configmaps "one" not found`,
    });
  });

  it("waits as long as Retry-After says, and less than a second where it says nothing", async () => {
    const proxy = await proxied();
    const times: number[] = [];
    const answers = [{ status: 429, headers: { "retry-after": "1" } }, { status: 503 }];
    proxy.rule(() => {
      times.push(performance.now());
      return answers.shift() ?? null;
    });
    const body = { metadata: { name: "patient" } };
    const created = await apiOf(proxy.kubeconfig).request<Object>("POST", MAPS, { body });
    expect(created.metadata.name).toBe("patient");
    const [first = 0, second = 0, third = 0] = times;
    expect(second - first).toBeGreaterThan(990);
    expect(third - second).toBeGreaterThan(490);
    expect(times).toHaveLength(3);
  });

  it("gives up after five refusals, and at once where it would have to wait for more than 30 s", async () => {
    const proxy = await proxied();
    const api = apiOf(proxy.kubeconfig);
    const busy = { kind: "Status", reason: "TooManyRequests", message: "x".repeat(5_000) };
    const refused = proxy.rule(() => ({ status: 429, headers: { "retry-after": "0" }, body: busy }));
    const error = await api.request("GET", MAPS).catch((reason: unknown) => reason as ApiError);
    expect(error).toMatchObject({ status: 429, reason: "TooManyRequests" });
    expect(String(error).length).toBeLessThan(1_100);
    expect(proxy.requests).toHaveLength(5);
    refused();
    proxy.rule(() => ({ status: 503, headers: { "retry-after": "3600" }, body: "<html>" }));
    await expect(api.request("GET", MAPS)).rejects.toMatchObject({ status: 503, reason: "ServiceUnavailable" });
    expect(proxy.requests).toHaveLength(6);
  });

  it("reads again after a connection that broke in the middle of the answer", async () => {
    const proxy = await proxied();
    let cuts = 1;
    proxy.rule(() => (cuts-- > 0 ? { cutAfter: 20 } : null));
    await expect(apiOf(proxy.kubeconfig).request("GET", MAPS)).resolves.toMatchObject({ kind: "ConfigMapList" });
    expect(proxy.requests).toHaveLength(2);
  });

  it("doesn't write again when the answer to a write is lost", async () => {
    const proxy = await proxied();
    proxy.rule(() => ({ cutAfter: 0 }));
    const api = apiOf(proxy.kubeconfig);
    const lost = api.request("POST", MAPS, { body: { metadata: { name: "lost" } } });
    await expect(lost).rejects.toMatchObject({ status: 0, reason: "Unreachable" });
    expect(proxy.requests).toHaveLength(1);
    await expect(cluster.kubectl("get", "configmap", "lost", "-o", "name")).resolves.toContain("configmap/lost");
  });

  it("writes again where the server had closed the kept connection", async () => {
    const proxy = await proxied();
    const api = apiOf(proxy.kubeconfig);
    await api.request("GET", MAPS);
    let drops = 1;
    proxy.rule(() => (drops-- > 0 ? { drop: true } : null));
    const created = await api.request<Object>("POST", MAPS, { body: { metadata: { name: "kept" } } });
    expect(created.metadata.name).toBe("kept");
    expect(proxy.requests.map(({ method }) => method)).toEqual(["GET", "POST", "POST"]);
  });

  it("fails with the signal's reason when it is aborted, also while it waits to try again", async () => {
    const proxy = await proxied();
    proxy.rule(() => ({ status: 429, headers: { "retry-after": "20" } }));
    const reason = new Error("enough");
    const ending = new AbortController();
    const request = apiOf(proxy.kubeconfig).request("GET", MAPS, { signal: ending.signal });
    request.catch(() => {});
    await expect.poll(() => proxy.requests.length).toBe(1);
    ending.abort(reason);
    await expect(request).rejects.toBe(reason);
  });

  it("fails after 15 s without a word, before the answer or within it", async () => {
    const proxy = await proxied();
    const api = apiOf(proxy.kubeconfig);
    proxy.rule(({ method }) => ({ stallAfter: method === "GET" ? 0 : 20 }));
    const [silent, halting] = await Promise.allSettled([
      api.request("GET", MAPS),
      api.request("POST", MAPS, { body: { metadata: { name: "halting" } } }),
    ]);
    const unreachable = { status: "rejected", reason: { status: 0, reason: "Unreachable" } };
    expect(silent).toMatchObject(unreachable);
    expect(halting).toMatchObject(unreachable);
    expect(proxy.requests).toHaveLength(2);
  });

  it("fails as unreachable where nobody listens, and where the answer isn't from an API server", async () => {
    const proxy = await proxied();
    const api = apiOf(proxy.kubeconfig);
    proxy.rule(() => ({ status: 200, headers: { "content-type": "text/html" }, body: "<html>" }));
    await expect(api.request("GET", MAPS)).rejects.toMatchObject({ status: 200, reason: "InvalidAnswer" });
    const gone = await startApiProxy(cluster);
    const late = apiOf(gone.kubeconfig);
    await gone[Symbol.asyncDispose]();
    await expect(late.request("GET", MAPS)).rejects.toMatchObject({ status: 0, reason: "Unreachable" });
  });
});

describe("lines", () => {
  it("come one by one, and end when the server ends the stream", async () => {
    const api = apiOf(cluster.kubeconfig);
    await api.request("POST", MAPS, { body: { metadata: { name: "streamed" }, data: { text: "✓".repeat(20_000) } } });
    const lines: string[] = [];
    const query = { watch: true, timeoutSeconds: 1 };
    const { signal } = new AbortController();
    for await (const line of api.lines(MAPS, { query, signal, longestLine: 1e6 })) lines.push(line);
    const objects = lines.map((line) => (JSON.parse(line) as { object: Object }).object);
    expect(objects.find(({ metadata }) => metadata.name === "streamed")?.data?.["text"]).toBe("✓".repeat(20_000));
  });

  it("that are too long, broken or refused are errors; leaving and aborting close the connection", async () => {
    const proxy = await proxied();
    const api = apiOf(proxy.kubeconfig);
    const query = { watch: true };
    const ending = new AbortController();
    const read = async (longestLine: number, path = MAPS) => {
      const lines: string[] = [];
      const { signal } = ending;
      for await (const line of api.lines(path, { query, signal, longestLine })) lines.push(line);
      return lines;
    };
    await expect(read(50)).rejects.toMatchObject({ reason: "LineTooLong" });
    await expect(read(1e6, "/api/v1/nothing")).rejects.toMatchObject({ status: 404 });

    const whole = read(1e6);
    whole.catch(() => {});
    await expect.poll(() => proxy.cut(({ watch }) => watch), { timeout: 10_000 }).toBe(1);
    await expect(whole).rejects.toMatchObject({ reason: "Unreachable" });

    for await (const _ of api.lines(MAPS, { query, signal: ending.signal, longestLine: 1e6 })) break;
    await expect.poll(() => proxy.stall(), { timeout: 10_000 }).toBe(0);

    const aborted = read(1e6);
    aborted.catch(() => {});
    await expect.poll(() => proxy.stall(({ watch }) => watch), { timeout: 10_000 }).toBe(1);
    ending.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    await expect.poll(() => proxy.stall(), { timeout: 10_000 }).toBe(0);
  });
});

async function proxied() {
  const proxy = await startApiProxy(cluster);
  onTestFinished(async () => await proxy[Symbol.asyncDispose]());
  return proxy;
}

function apiOf(kubeconfig: string) {
  const connection = connect({ kubeconfig, inCluster: false, userAgent: "test" }, () => performance.now());
  onTestFinished(() => connection.close());
  return createApi(connection);
}
