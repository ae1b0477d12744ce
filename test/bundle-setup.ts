import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { BUNDLE, makeBundle } from "./programs.ts";

/** Bundles the programs for a project whose tests start them by the hundred. */
export async function setup({ name }: TestProject): Promise<void> {
  const dir = fileURLToPath(new URL(`../.cache/bundles/${name}`, import.meta.url));
  await makeBundle(dir);
  // For the workers, which get this process's environment.
  process.env[BUNDLE] = dir;
}
