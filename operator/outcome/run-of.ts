import { RUN_ANNOTATION } from "../../contract/resource/names.ts";
import { tagOf } from "../job/order.ts";
import { controllerOf } from "../kubernetes/objects.ts";
import type { Job, Pod } from "../kubernetes/objects.ts";
import type { Caches } from "../watch/caches.ts";
import type { RunIdentity } from "./outcome.ts";

/** What the Job was made for, by its annotations. */
export type RunOfJob = RunIdentity & { key: string; epoch: number };

export function runOf({ metadata: { annotations = {} } }: Job): RunOfJob {
  const key = annotations[RUN_ANNOTATION.key] ?? "";
  const epoch = Number(annotations[RUN_ANNOTATION.epoch] ?? 0) || 0;
  return {
    ...{ key, epoch, tag: tagOf({ key, epoch }) },
    command: annotations[RUN_ANNOTATION.command] === "status" ? "status" : "migrate",
    runId: annotations[RUN_ANNOTATION.runId] ?? "",
  };
}

export function podOf({ metadata }: Job, caches: Pick<Caches, "pods">): Pod | null {
  const pods = caches.pods.by("job", `${metadata.namespace}/${metadata.name}`);
  return newest(pods.filter((one) => controllerOf(one)?.uid === metadata.uid));
}

/**
 * With two pods of one Job, which Kubernetes doesn't rule out, the newest one's end is the Job's. A pod with the Job's name
 * that isn't its own may be of a Job of that name which was deleted, and end later than this one begins.
 */
const newest = (pods: Pod[]): Pod | null =>
  pods.toSorted((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1))[0] ?? null;
