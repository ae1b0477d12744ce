import type { Variable } from "../job/environment.ts";

/** The variables of one `.env` or of a chart's values, for the job and for the web: each has its own DB_MIGRATE_ENABLED and runner. */
export const DEPLOYED_VARIABLES = [
  { name: "MIGRATE_DB_MIGRATE_ENABLED", default: "1", description: "DB_MIGRATE_ENABLED of the job that migrates." },
  { name: "WEB_DB_MIGRATE_ENABLED", default: "0", description: "DB_MIGRATE_ENABLED of the web." },
  {
    name: "MIGRATE_DB_MIGRATE_RUNNER",
    default: "compose-migrate-job",
    description: "DB_MIGRATE_RUNNER of the job; in Kubernetes kubernetes-job or helm-hook.",
  },
  { name: "WEB_DB_MIGRATE_RUNNER", default: "web-startup", description: "DB_MIGRATE_RUNNER of the web." },
] as const satisfies Variable[];
