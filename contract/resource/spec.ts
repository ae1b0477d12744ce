import { z } from "zod";
import { Database } from "./database.ts";
import { duration, labelValue, map, objectName, quantity, tableName, tableNameOrNone } from "./field.ts";
import { Source } from "./source.ts";

const Labels = map(317, labelValue());
const Annotations = map(317, z.string().max(1_024));
const Quantities = map(63, quantity());

const Toleration = z.object({
  key: z.string().max(317).describe("The taint's key; empty with Exists: every taint.").optional(),
  operator: z.enum(["Exists", "Equal"]).describe("How the value is compared.").optional(),
  value: z.string().max(63).describe("The taint's value.").optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).describe("The effect that is tolerated.").optional(),
  tolerationSeconds: z.int().min(0).describe("For NoExecute: how long.").optional(),
});

/** What may be said of the Job's pod: a closed list, no template. A template lets a tenant run whatever he likes. */
export const JobSettings = z.object({
  serviceAccountName: objectName()
    .describe("For pull secrets and pod identity; its token is never mounted. Not given: the workload's, else default.")
    .optional(),
  resources: z
    .object({
      limits: Quantities.describe("Upper bounds.").optional(),
      requests: Quantities.describe("What is reserved.").optional(),
    })
    .describe("Of the runner's container.")
    .optional(),
  nodeSelector: Labels.describe("Where the pod may run. Not given: as the workload's pods.").optional(),
  tolerations: z
    .array(Toleration)
    .max(32)
    .describe("Taints that are tolerated. Not given: as the workload's pods.")
    .optional(),
  imagePullSecrets: z
    .array(z.object({ name: objectName().describe("The Secret's name.") }))
    .max(16)
    .describe("For the source's image. Not given: as the workload's pods.")
    .optional(),
  labels: Labels.describe("More labels of Job and pod.").optional(),
  annotations: Annotations.describe("More annotations of Job and pod.").optional(),
  priorityClassName: objectName().describe("The pod's priority class.").optional(),
  ttl: duration().default("24h").describe("How long a finished Job is kept."),
});
export type JobSettings = z.infer<typeof JobSettings>;

const Lock = z.object({
  wait: duration().default("10m").describe("How long another runner at work on the database is waited for."),
  timeout: duration().default("5s").describe("lock_timeout of each migration's transaction."),
  retries: z.int().min(0).max(100).default(8).describe("How often a lock time-out is tried again inside one run."),
});

const Retry = z.object({
  limit: z.int().min(0).max(100).default(5).describe("How many runs follow a failed one that waiting may cure."),
  backoff: duration().default("10s").describe("The pause before the first of them; it doubles each time."),
  max: duration().default("10m").describe("The longest pause."),
});

/** What a DatabaseMigration asks for. */
export const Spec = z.object({
  database: Database.describe("The database, and where its credentials are."),
  source: Source.describe("Where the migrations are."),
  lock: Lock.prefault({}).describe("Waiting for locks."),
  timeouts: z
    .object({
      statement: duration().default("0s").describe("statement_timeout of each migration; 0s: none."),
      run: duration().default("30m").describe("How long a run may take."),
    })
    .prefault({})
    .describe("Time limits."),
  retry: Retry.prefault({}).describe(
    "Whole runs that are tried again: after lock time-outs, an unreachable database, an evicted pod.",
  ),
  apply: z
    .object({
      allowOutOfOrder: z.boolean().default(false).describe("Apply what comes before an applied migration."),
      allowDrift: z.boolean().default(false).describe("Go on although applied files changed or are gone."),
      baseline: z
        .string()
        .max(255)
        .default("")
        .describe(
          "Record the migrations up to this one as applied, without running them, on a database without a history.",
        ),
    })
    .prefault({})
    .describe("What is applied."),
  drift: z
    .object({
      interval: duration().default("6h").describe("How often the database is compared with the source; 0s: never."),
    })
    .prefault({})
    .describe("The check for drift between releases."),
  runLog: z
    .object({
      enabled: z.boolean().default(true).describe("Whether runs are logged in the database."),
      table: tableName().default("lockkeeper.migration_run_log").describe("The log's table, as schema.table."),
      retention: duration().default("90d").describe("How long rows are kept."),
    })
    .prefault({})
    .describe("The run log in the database."),
  history: z
    .object({
      format: z
        .enum(["Auto", "Lockkeeper", "Drizzle"])
        .default("Auto")
        .describe("Whose history table is read and written."),
      table: tableNameOrNone().default("").describe("The table, as schema.table; empty: the format's own."),
    })
    .prefault({})
    .describe("The history of applied migrations."),
  suspend: z.boolean().default(false).describe("Start no runs. A run that is on goes on."),
  job: JobSettings.prefault({}).describe("The Job that runs the migrations."),
  historyLimit: z.int().min(1).max(100).default(20).describe("How many runs are kept in status."),
});
export type Spec = z.infer<typeof Spec>;
