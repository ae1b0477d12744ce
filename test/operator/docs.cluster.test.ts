/** The manifests that the docs show are what a real API server takes, field by field. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clusterUp } from "../cluster/cluster.ts";
import type { Cluster } from "../cluster/provider.ts";
import { temporaryFolder } from "../images/folder.ts";
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
