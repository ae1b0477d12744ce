/** The manifests that the docs show are what a real API server takes, field by field; so are the runbooks' commands. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clusterUp } from "../cluster/cluster.ts";
import type { Cluster } from "../cluster/provider.ts";
import { ownKubectl } from "../cluster/kubectl.ts";
import { run } from "../cluster/run.ts";
import { temporaryFolder } from "../images/folder.ts";
import { commandsOf } from "../ops/runbook-commands.ts";
import { minimalSpec, resource } from "./example.ts";
import { applyCrd } from "./install.ts";

const stack = new AsyncDisposableStack();
let cluster: Cluster;

beforeAll(async () => {
  cluster = stack.use(await clusterUp({ size: "control-plane" }));
  await applyCrd(cluster);
  await cluster.kubectl("create", "namespace", "shop");
}, 120_000);
afterAll(async () => await stack.disposeAsync());

/** Whole manifests: fragments of one begin otherwise. */
async function manifestsOf(page: string): Promise<string[]> {
  const text = await readFile(new URL(`../../${page}`, import.meta.url), "utf8");
  return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = ""]) => block).filter(isWhole);
}

const isWhole = (block: string): boolean => block.startsWith("apiVersion:");

it.each([
  ["README.md", 2],
  ["docs/gate.md", 1],
  ["docs/kubectl.md", 6],
])("takes the manifests of %s", async (page, count) => {
  const manifests = await manifestsOf(page);
  expect(manifests).toHaveLength(count);
  await using folder = await temporaryFolder("manifests");
  for (const [index, manifest] of manifests.entries()) {
    const file = join(folder.path, `${index}.yaml`);
    await writeFile(file, manifest);
    expect(await cluster.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", file)).toContain("created");
  }
});

/** What can't be had without pods, controllers and the chart. The API server understood it all the same. */
const UNDERSTOOD = [
  /does not have a host assigned/,
  /timed out waiting for the condition/,
  /no rollout history found/,
  /auth can-i .*: ended with exit code 1\nno$/,
];

it("takes every kubectl command of the runbooks", async () => {
  const metadata = (name: string) => ({ name, namespace: "shop" });
  const labels = { app: "web" };
  const spec = {
    containers: [{ name: "web", image: "web:1" }],
    schedulingGates: [{ name: "lockkeeper.dev/migration" }],
  };
  const deployment = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } };
  await cluster.apply(
    { ...resource("web", minimalSpec()), metadata: metadata("web") },
    { apiVersion: "apps/v1", kind: "Deployment", metadata: metadata("web"), spec: deployment },
  );
  const kubectl = (await ownKubectl()).join(" ");
  const commands = await commandsOf({ NAMESPACE: "shop", NAME: "web", DEPLOYMENT: "web", SHOP: "shop" });
  expect(commands.length).toBeGreaterThan(40);
  const failed: string[] = [];
  for (const [index, { page, command }] of commands.entries()) {
    // Some take the pod away: each command has one of its own.
    const pod = `web-${index}`;
    const own = command.replaceAll("POD", pod);
    if (own !== command) await cluster.apply({ apiVersion: "v1", kind: "Pod", metadata: metadata(pod), spec });
    const script = `kubectl() { command ${kubectl} "$@"; }\n${own.replace("rollout status", "rollout status --timeout=1s")}`;
    await run("sh", ["-c", script], { env: { KUBECONFIG: cluster.kubeconfig } }).catch((error: Error) => {
      if (!UNDERSTOOD.some((one) => one.test(error.message))) failed.push(`${page}: ${own}\n${error.message}`);
    });
  }
  expect(failed).toEqual([]);
});
