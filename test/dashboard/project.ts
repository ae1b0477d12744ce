import { fileURLToPath } from "node:url";
import type { TestProjectConfiguration } from "vitest/config";

/** The vitest project of what is seen in a real browser: every `*.browser.test.ts`. One file at a time: a browser takes the cores. */
export function browserProject(): TestProjectConfiguration {
  return {
    extends: true,
    test: {
      name: "browser",
      include: ["test/**/*.browser.test.ts"],
      globalSetup: fileURLToPath(new URL("setup.ts", import.meta.url)),
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  };
}
