import { z } from "zod";
import { RunStatus } from "../run.ts";
import { ToldBlocker, ToldError } from "./told.ts";

const text = (max: number) => z.string().max(max);
const Time = z.string().max(40);
const Names = z.array(text(255)).max(100);

/** What the proof for one release is worth: gate.md, "What is kept". */
export const RELEASE_STATES = ["Pending", "Running", "Applied", "Failed"] as const;

export const Release = z.object({
  key: text(64).describe("Names the release: resource, database, source, ReplicaSet and image."),
  revision: z.int().describe("The Deployment's revision; 0 without a workload."),
  image: text(512).describe("The image that was run, or the ConfigMap's name."),
  version: text(255).describe("The newest migration, once it is applied."),
  state: z.enum(RELEASE_STATES).describe("How far the release is."),
  epoch: z.int().min(0).describe("In which the proof was given; proof of an older one is none."),
  attempt: z.int().min(0).describe("How many runs were started."),
  job: text(63).describe("The last run's Job."),
  runId: text(36).describe("The last run's id, here and in the run log."),
  copy: z
    .enum(["ImageVolume", "InitContainer"])
    .describe("How the last run got its files, where a way was chosen.")
    .optional(),
  failures: z.int().min(0).describe("Failed runs since the last retry annotation or change of the spec.").default(0),
  retryAt: Time.describe("When the next attempt is due.").optional(),
  reason: text(63).describe("Why the last run failed.").optional(),
  message: text(1_024).describe("The same for people.").optional(),
});
export type Release = z.infer<typeof Release>;

/** The check for drift: a run in status mode. */
export const DriftCheck = z.object({
  number: z.int().min(0).describe("How many were started."),
  running: z.boolean().describe("Whether one is on."),
  job: text(63).describe("The last one's Job."),
  runId: text(36).describe("The last one's id."),
  checkedAt: Time.describe("When the last one ended.").optional(),
});
export type DriftCheck = z.infer<typeof DriftCheck>;

export const StatusRun = z.object({
  id: text(36).describe("The run log's primary key."),
  status: RunStatus.describe("What it came to."),
  runner: text(63).describe("Who ran it."),
  job: text(63).describe("The Job.").optional(),
  host: text(253).describe("The pod.").optional(),
  source: text(512).describe("The image or ConfigMap.").optional(),
  versionBefore: text(255).describe("The version before.").optional(),
  versionAfter: text(255).describe("The version after.").optional(),
  startedAt: Time.describe("When it began.").optional(),
  finishedAt: Time.describe("When it ended.").optional(),
  lockWaitMs: z.int().min(0).describe("How long it waited for locks.").optional(),
  applied: Names.describe("What it applied, in order.").optional(),
  error: ToldError.describe("Why it failed.").nullable().optional(),
  blockers: z.array(ToldBlocker).max(10).describe("Who held the lock that it waited for.").optional(),
});
export type StatusRun = z.infer<typeof StatusRun>;

export const Condition = z.object({
  type: text(63).describe("Ready, Reconciling, Stalled, Drifted or SharedDatabase."),
  status: z.enum(["True", "False", "Unknown"]).describe("Whether it is so."),
  reason: text(63).describe("Why, in one word."),
  message: text(2_048).describe("What happened, to what, and what to do."),
  lastTransitionTime: Time.describe("When the status last changed."),
  observedGeneration: z.int().min(0).describe("The spec's generation that it speaks of."),
});
export type Condition = z.infer<typeof Condition>;

/** What the operator saw. One patch writes it, at a reconcile's end, besides those that gate.md orders. */
export const Status = z.object({
  observedGeneration: z.int().min(0).describe("The spec's generation that the status speaks of.").optional(),
  conditions: z
    .array(Condition)
    .max(16)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] })
    .describe("Reconciling and Stalled are there only while they are true.")
    .optional(),
  source: z
    .object({
      image: text(512).describe("The image, or the ConfigMap's name."),
      available: z.int().min(0).describe("How many migrations it has; 0 before a run has looked."),
      digest: text(80).describe("Of the migrations: names and checksums."),
      workloadGeneration: z.int().min(0).describe("The Deployment's generation that was seen."),
    })
    .describe("What was run last.")
    .optional(),
  schema: z
    .object({
      version: text(255).describe("The newest applied migration."),
      applied: z.int().min(0).describe("How many are applied."),
      pending: z.int().min(0).describe("How many are left to do."),
      pendingNames: Names.describe("Which, as far as there is room."),
      observedAt: Time.describe("When a run last looked."),
    })
    .describe("The database's schema, as a run saw it.")
    .optional(),
  telemetry: z
    .object({ available: z.boolean().describe("Whether runs are logged."), reason: text(512).describe("Why not.") })
    .describe("The run log in the database.")
    .optional(),
  epoch: z.int().min(0).describe("Grows when all proof is withdrawn: another database, a restore.").optional(),
  lastHandledRetry: text(253).describe("The retry annotation's value that was handled.").optional(),
  lastHandledRecheck: text(253).describe("The recheck annotation's value that was handled.").optional(),
  database: z
    .object({
      systemIdentifier: text(32).describe("The cluster's identifier; empty where the role may not read it."),
      name: text(63).describe("The database's name."),
      oid: z.int().min(0).describe("The database's oid."),
    })
    .describe("Which database the proof is of.")
    .optional(),
  releases: z
    .array(Release)
    .max(200)
    .describe("Proof by release, so that a restarted operator opens gates at once.")
    .optional(),
  drift: DriftCheck.describe("The check for drift between releases.").optional(),
  runs: z.array(StatusRun).max(100).describe("Newest first.").optional(),
});
export type Status = z.infer<typeof Status>;
