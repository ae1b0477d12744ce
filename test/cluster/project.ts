import { fileURLToPath } from "node:url";
import type { TestProjectConfiguration } from "vitest/config";
import { BUNDLES } from "../programs.ts";

/** Builds the programs of clusters, which the first time takes minutes. */
export const prepared = fileURLToPath(new URL("prepare.ts", import.meta.url));

/**
 * The vitest project of what needs a real cluster: every `*.cluster.test.ts`. Two files at a time: each has a cluster of its
 * own, and waits for it most of the time. The first run builds the cluster's programs, which takes minutes.
 */
export function clusterProject(): TestProjectConfiguration {
  return {
    extends: true,
    test: {
      name: "cluster",
      include: ["{operator,test}/**/*.cluster.test.ts"],
      // They share one cluster: test/operator/e2e/project.ts.
      exclude: ["**/node_modules/**", "test/operator/e2e/**"],
      globalSetup: [prepared, BUNDLES],
      testTimeout: 300_000,
      hookTimeout: 120_000,
    },
  };
}
