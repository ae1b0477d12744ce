import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildImage } from "../../../build/image.ts";
import { clusterUp } from "../../cluster/cluster.ts";
import { startServer } from "../../postgres/server.ts";
import { temporaryFolder } from "../../images/folder.ts";
import { writeRolledImages } from "../rollouts/images.ts";
import { exampleImages } from "./example-images.ts";
import { writeSources } from "./sources.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the cluster that all tests share. */
    clusterName: string;
    /** Lockkeeper's own image, which the cluster has. */
    image: string;
    /** Where the tests' Postgres listens besides loopback. */
    hostAddress: string;
  }
}

const version = 18;

/** A cluster with all images, and a Postgres that its pods reach. Runs once, if there is a file to run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder("sources"));
  const archive = join(folder.path, "sources.tar");
  const sources = writeSources(archive);
  const rolled = join(folder.path, "rolled.tar");
  const rollouts = writeRolledImages(rolled, 1, exampleImages);
  const built = buildImage("localhost/lockkeeper:e2e");
  // One that failed while the cluster starts is told by the await below, after the cluster was taken away.
  for (const work of [sources, rollouts, built]) work.catch(() => {});
  const cluster = stack.use(await clusterUp({ size: "full" }));
  const server = stack.use(await startServer({ version, address: cluster.hostAddress }));
  await sources;
  await cluster.load(archive);
  await rollouts;
  await cluster.load(rolled);
  const image = await built;
  await cluster.load(image.archive);
  project.provide("clusterName", cluster.name);
  project.provide("image", image.tag);
  project.provide("hostAddress", cluster.hostAddress);
  project.provide("postgres", { url: server.url, version });
  const kept = stack.move();
  return () => kept.disposeAsync();
}
