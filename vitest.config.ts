import { defineConfig } from "vitest/config";
import { machineProject } from "./test/cluster/machine-project.ts";
import { clusterProject } from "./test/cluster/project.ts";
import { browserProject } from "./test/dashboard/project.ts";
import { e2eProject } from "./test/operator/e2e/project.ts";
import { postgresProject } from "./test/postgres/project.ts";
import { packageProject } from "./test/runner/package-project.ts";

export default defineConfig({
  test: {
    maxWorkers: 2,
    slowTestThreshold: 5_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{build,contract,job,operator,test}/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.{pg,package,cluster,machine,browser}.test.ts"],
        },
      },
      postgresProject(14),
      postgresProject(18),
      packageProject(),
      machineProject(),
      clusterProject(),
      e2eProject(),
      browserProject(),
    ],
  },
});
