import { fileURLToPath } from "node:url";
import type { TestProjectConfiguration } from "vitest/config";

/**
 * The vitest project of what users get: every `*.package.test.ts` runs against the packed tarball, not the checkout, with
 * one Postgres 18. One file at a time: npm and next build use all cores on their own.
 */
export function packageProject(): TestProjectConfiguration {
  return {
    extends: true,
    test: {
      name: "package",
      include: ["test/runner/**/*.package.test.ts"],
      globalSetup: fileURLToPath(new URL("package-setup.ts", import.meta.url)),
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 600_000,
    },
  };
}
