import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startServer } from "../postgres/server.ts";
import { packLockkeeper } from "./package-tarball.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The path of the packed `lockkeeper-VERSION.tgz`. */
    tarball: string;
  }
}

const version = 18;

/** Builds and packs the checkout once, and starts one server, for all files of the project. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-package-"));
  cleanup.defer(() => rm(folder, { recursive: true }));
  const tarball = await packLockkeeper(folder);
  const server = cleanup.use(await startServer({ version }));
  project.provide("postgres", { url: server.url, version });
  project.provide("tarball", tarball);
  const kept = cleanup.move();
  return () => kept.disposeAsync();
}
