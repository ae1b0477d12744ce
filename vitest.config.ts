import { defineConfig } from "vitest/config";
import { postgresProject } from "./test/postgres/project.ts";

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{build,contract,job,operator,test}/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.{pg,cluster,package}.test.ts"],
        },
      },
      postgresProject(14),
      postgresProject(18),
    ],
  },
});
