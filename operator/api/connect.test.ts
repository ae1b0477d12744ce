/** How requests are authenticated, against a plain server that records what it gets. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { connect } from "./connect.ts";
import { createApi } from "./request.ts";

it("a request carries the token that the exec plugin gives now, and a new one once the old is over", async () => {
  const { api, seen, folder } = await connected(({ folder: at }) => ({
    exec: { apiVersion: "client.authentication.k8s.io/v1", command: "cat", args: [join(at, "credential")] },
  }));
  const give = async (token: string, expirationTimestamp: string) => {
    const status = { token, expirationTimestamp };
    const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status };
    await writeFile(join(folder, "credential"), JSON.stringify(credential));
  };
  await give("first", "2020-01-01T00:00:00Z");
  await api.request("GET", "/version");
  await give("second", "2020-01-01T00:00:00Z");
  await api.request("GET", "/version");
  later(6_000);
  await api.request("GET", "/version");
  expect(seen.map(({ authorization }) => authorization)).toEqual(["Bearer first", "Bearer first", "Bearer second"]);
  expect(seen[0]).toMatchObject({ accept: "application/json", "user-agent": "lockkeeper-test" });
  expect(seen[0]).not.toHaveProperty("accept-encoding");
});

it("a plugin that fails makes the server unreachable, and tells nothing of what it printed", async () => {
  const { api } = await connected(() => ({
    exec: { apiVersion: "client.authentication.k8s.io/v1", command: "sh", args: ["-c", "echo s3cret; exit 3"] },
  }));
  const error = await api.request("GET", "/version").catch((reason: unknown) => reason as Error);
  expect(error).toMatchObject({ status: 0, reason: "Unreachable" });
  expect(String(error)).toContain("GET /version: no credentials for the API server");
  expect(String(error)).not.toContain("s3cret");
});

it("requests share kept connections, and a server behind a path keeps it", async () => {
  const { api, connections, paths } = await connected(() => ({ token: "t" }), "/k8s/clusters/c-1/");
  for (let i = 0; i < 5; i++) await api.request("GET", "/version", { query: { a: "x y&z", none: undefined } });
  expect(connections()).toBe(1);
  expect(paths[0]).toBe("/k8s/clusters/c-1/version?a=x+y%26z");
});

it("a context without a cluster is told", async () => {
  const folder = await temporary();
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, JSON.stringify({ clusters: [], contexts: [], users: [], "current-context": "gone" }));
  expect(() => connect({ kubeconfig, inCluster: false, userAgent: "x" }, now)).toThrow(
    'context "gone" names no cluster',
  );
});

let passed = 0;
const now = () => passed;
const later = (ms: number) => (passed += ms);

async function connected(userOf: (given: { folder: string }) => unknown, path = "") {
  const [seen, paths]: [IncomingHttpHeaders[], string[]] = [[], []];
  let connections = 0;
  const server = createServer((request, response) => {
    seen.push(request.headers);
    paths.push(request.url ?? "");
    response.end("{}");
  }).on("connection", () => connections++);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  const folder = await temporary();
  const kubeconfig = join(folder, "kubeconfig");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const config = {
    clusters: [{ name: "c", cluster: { server: address, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: userOf({ folder }) }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const connection = connect({ kubeconfig, inCluster: false, userAgent: "lockkeeper-test" }, now);
  onTestFinished(() => connection.close());
  return { api: createApi(connection), seen, paths, folder, connections: () => connections };
}

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-connect-"));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  return folder;
}
