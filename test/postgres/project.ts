import { fileURLToPath } from "node:url";
import type { TestProjectConfiguration } from "vitest/config";
import { BUNDLES } from "../programs.ts";

/** The vitest project that runs every `*.pg.test.ts` on one version of Postgres. */
export function postgresProject(version: number): TestProjectConfiguration {
  return {
    extends: true,
    test: {
      name: `postgres-${version}`,
      include: ["{job,test/operator,test/postgres,test/runner}/**/*.pg.test.ts"],
      // Neither the runner's memory nor its bundle depends on the server: once is enough, and takes long.
      exclude: version === 18 ? [] : ["**/{memory,bundle}.pg.test.ts"],
      globalSetup: [BUNDLES, fileURLToPath(new URL("setup.ts", import.meta.url))],
      provide: { postgresVersion: version },
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  };
}
