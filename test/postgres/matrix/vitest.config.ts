import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { postgresProject } from "../project.ts";

export default defineConfig({
  root: fileURLToPath(new URL("../../..", import.meta.url)),
  test: { maxWorkers: 2, slowTestThreshold: 5_000, projects: [14, 15, 16, 17, 18].map(postgresProject) },
});
