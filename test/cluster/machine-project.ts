import type { TestProjectConfiguration } from "vitest/config";
import { prepared } from "./project.ts";

/**
 * The vitest project of what looks at the whole machine: every `*.machine.test.ts`. Nothing else may start a cluster
 * meanwhile, so it is a stage of its own.
 */
export function machineProject(): TestProjectConfiguration {
  return {
    extends: true,
    test: {
      name: "machine",
      include: ["test/**/*.machine.test.ts"],
      globalSetup: prepared,
      fileParallelism: false,
      testTimeout: 300_000,
      hookTimeout: 120_000,
    },
  };
}
