import { fileURLToPath } from "node:url";
import { prepared } from "../../cluster/project.ts";
import type { TestProjectConfiguration } from "vitest/config";

/**
 * The vitest project of the operator's end-to-end tests: one `full` cluster and one Postgres for all of them. The tests of
 * a file run at once, each in a namespace and on a database of its own: what takes time is waiting for pods.
 */
export function e2eProject(): TestProjectConfiguration {
  return {
    extends: true,
    test: {
      name: "e2e",
      include: ["test/operator/e2e/*.cluster.test.ts"],
      globalSetup: [prepared, fileURLToPath(new URL("setup.ts", import.meta.url))],
      fileParallelism: false,
      sequence: { concurrent: true },
      maxConcurrency: 8,
      testTimeout: 150_000,
      hookTimeout: 120_000,
    },
  };
}
