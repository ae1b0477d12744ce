import type { TestProject } from "vitest/node";
import { startServer } from "./server.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgresVersion: number;
    postgres: { url: string; version: number };
  }
}

/** Runs once for each project that has files to run: one server for all of them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const version = project.getProvidedContext().postgresVersion;
  const server = await startServer({ version });
  project.provide("postgres", { url: server.url, version });
  return async () => server[Symbol.asyncDispose]();
}
