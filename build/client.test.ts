/** What is left of the Kubernetes client in a bundle reads and authenticates as all of it does. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configOfClient } from "./client.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const code = `
  import { KubeConfig } from "@kubernetes/client-node/dist/config.js";
  const config = new KubeConfig();
  config.loadFromFile(process.argv[2]);
  const options = { headers: {} };
  config.applyToHTTPSOptions(options).then(
    () => console.log(JSON.stringify({ headers: options.headers, agent: options.agent.constructor.name })),
    (error) => console.log(JSON.stringify({ error: error.message })),
  );
`;

let dir: string;
let inputs: string[];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "lockkeeper-client-"));
  const { metafile } = await build({
    stdin: { contents: code, resolveDir: root },
    absWorkingDir: root,
    outfile: join(dir, "program.cjs"),
    bundle: true,
    platform: "node",
    format: "cjs",
    plugins: [configOfClient],
    logOverride: { "empty-import-meta": "error" },
    metafile: true,
  });
  inputs = Object.keys(metafile.inputs);
}, 60_000);
afterAll(async () => await rm(dir, { recursive: true }));

/** Runs the bundle, which finds no `node_modules`, with a kubeconfig of this user and cluster. */
async function applied(user: Record<string, unknown>, cluster: Record<string, unknown> = {}) {
  const file = join(dir, "kubeconfig");
  const config = {
    clusters: [{ name: "c", cluster: { server: "https://10.0.0.1:6443", ...cluster } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  await writeFile(file, JSON.stringify(config));
  const { stdout } = await promisify(execFile)(process.execPath, [join(dir, "program.cjs"), file]);
  return JSON.parse(stdout) as { headers?: Record<string, string>; agent?: string; error?: string };
}

test("neither the typed API nor undici is in it", () => {
  expect(inputs.filter((path) => /client-node\/dist\/gen\/|node_modules\/(undici|tar-fs|ws)\//.test(path))).toEqual([]);
  expect(inputs.some((path) => path.endsWith("client-node/dist/config.js"))).toBe(true);
});

test("a token authenticates", async () => {
  expect(await applied({ token: "t0" })).toEqual({ headers: { Authorization: "Bearer t0" }, agent: "Agent" });
});

test("a program authenticates", async () => {
  const answer = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "t1" } };
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: process.execPath,
    args: ["-p", JSON.stringify(JSON.stringify(answer))],
    interactiveMode: "Never",
  };
  expect(await applied({ exec })).toMatchObject({ headers: { Authorization: "Bearer t1" } });
});

test("a cloud's program authenticates, found in its answer by a path", async () => {
  const script = join(dir, "credential.cjs");
  const answer = { credential: { token: "t2", expiry: "2099-01-01T00:00:00Z" } };
  await writeFile(script, `console.log(${JSON.stringify(JSON.stringify(answer))})`);
  const config = {
    "cmd-path": process.execPath,
    "cmd-args": script,
    "token-key": "{.credential.token}",
    "expiry-key": "{.credential.expiry}",
  };
  expect(await applied({ "auth-provider": { name: "gcp", config } })).toMatchObject({
    headers: { Authorization: "Bearer t2" },
  });
});

test.each([
  ["socks5://127.0.0.1:1080", "SocksProxyAgent"],
  ["http://127.0.0.1:3128", "HttpsProxyAgent"],
])("a cluster is reached through the proxy %s", async (proxy, agent) => {
  const { agent: made } = await applied({ token: "t" }, { "proxy-url": proxy });
  // The bundler numbers names that are there twice.
  expect(made?.replace(/\d$/, "")).toBe(agent);
});

test.each([
  [Number.MAX_SAFE_INTEGER, (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })],
  [1, () => ({ error: "OpenID tokens of a kubeconfig aren't renewed: use an exec plugin like kubelogin" })],
])("an OpenID token that is valid until %d authenticates, or fails with what to do", async (exp, expected) => {
  const claims = Buffer.from(JSON.stringify({ exp })).toString("base64url");
  const token = `${claims}.${claims}.signature`;
  const config = { "idp-issuer-url": "https://127.0.0.1:1", "client-id": "c", "id-token": token, "refresh-token": "r" };
  expect(await applied({ "auth-provider": { name: "oidc", config } })).toMatchObject(expected(token));
});
