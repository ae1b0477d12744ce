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
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-package-"));
  const [server, tarball] = await Promise.all([startServer({ version }), packLockkeeper(folder)]);
  project.provide("postgres", { url: server.url, version });
  project.provide("tarball", tarball);
  return async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  };
}
