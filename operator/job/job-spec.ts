import { parseDuration } from "../../contract/duration.ts";
import { API_VERSION, KIND } from "../../contract/resource/names.ts";
import { marksOf, runAnnotations } from "./marks.ts";
import type { RunOrder } from "./order.ts";
import { podSpec } from "./pod-spec.ts";
import type { RunnerSettings } from "./runner-settings.ts";

export type { RunnerSettings } from "./runner-settings.ts";

/** A pod that waits for a node, for its images or for a Secret has this long until its run may begin, seconds. */
const START_SECONDS = 3_600;
/** From the runner's last moment to its end: it rolls back, says its last word and drops its connections. */
const END_SECONDS = 60;
/** A check reads history and folder, and takes no lock. */
const STATUS_SECONDS = 600;
/** A finished Job is looked at before it goes, however short its time is said to be. */
const SHORTEST_TTL_SECONDS = 60;

/**
 * The Job that carries out an order: one pod, one try, never a second one beside it. Its owner is the resource, without
 * `blockOwnerDeletion`, which would need a right on the resource's finalizers. Pure.
 *
 * Its deadline is a backstop: the Job controller deletes the pod at it, and the report with the pod. The runner's own
 * time-out comes earlier. Without one there is no deadline either.
 */
export function jobSpec(order: RunOrder, runner: RunnerSettings) {
  const { migration, job } = order;
  const { name, namespace, uid } = migration.metadata;
  const marks = marksOf(migration);
  const deadline = deadlineOf(order);
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: job,
      namespace,
      labels: marks.labels,
      annotations: { ...marks.annotations, ...runAnnotations(order) },
      ownerReferences: [{ apiVersion: API_VERSION, kind: KIND, name, uid, controller: true }],
    },
    spec: {
      completions: 1,
      parallelism: 1,
      // The operator owns the retries, and sees each end before it starts another run.
      backoffLimit: 0,
      podReplacementPolicy: "Failed",
      ...(deadline === null ? {} : { activeDeadlineSeconds: deadline }),
      ttlSecondsAfterFinished: Math.max(SHORTEST_TTL_SECONDS, seconds(migration.spec.job.ttl)),
      template: { metadata: marks, spec: podSpec(order, runner) },
    },
  };
}

function deadlineOf({ command, migration }: RunOrder): number | null {
  const run = command === "status" ? STATUS_SECONDS : seconds(migration.spec.timeouts.run);
  return run === 0 ? null : START_SECONDS + run + END_SECONDS;
}

/** Rounded up. The spec's own check has made sure that it is a duration. */
const seconds = (duration: string): number => Math.ceil((parseDuration(duration) ?? 0) / 1_000);
