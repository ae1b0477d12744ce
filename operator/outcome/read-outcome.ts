import { RUNNER_CONTAINER } from "../../contract/resource/names.ts";
import type { Job, Pod } from "../kubernetes/objects.ts";
import { failedCopy } from "./copy.ts";
import { disruptionOf, lossOfEnd, lossOfPod } from "./lost.ts";
import type { Loss } from "./lost.ts";
import { isNodeLost } from "./node.ts";
import type { Outcome, RunIdentity } from "./outcome.ts";
import { containerOf, timeOf } from "./pod-facts.ts";
import type { Terminated } from "./pod-facts.ts";
import { readReport } from "./read-report.ts";
import { told } from "./told.ts";
import { waitOf } from "./waiting.ts";

type Lost = Extract<Outcome, { is: "lost" }>;

/** The Job controller's own time to make a pod; a quota or a webhook that refuses it is told in events only. */
export const POD_EXPECTED_MS = 30_000;

/**
 * How far a run is, by its Job and its pod (null: there is none, or none yet). Judged by the runner's own container, as
 * soon as that has ended: the pod's phase comes seconds later, and with a sidecar never. Only this run's own report counts.
 * Every message is one line of at most 512 characters, without passwords. Pure.
 */
export function readOutcome(job: Job, pod: Pod | null, identity: RunIdentity, now: Date): Outcome {
  if (pod === null) return withoutPod(job, now);
  const runner = containerOf(pod, RUNNER_CONTAINER);
  const end = runner?.state?.terminated;
  if (end !== undefined) return ended(job, pod, end, { identity, now });
  const copy = failedCopy(job, pod);
  if (copy !== null) return lost(pod, copy.loss, copy.end, now);
  // The kubelet, or the garbage collector for a node that is gone, has given it up: no container will say more.
  if (pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded") {
    return lost(pod, disruptionOf(job, pod) ?? unknownEnd(pod), null, now);
  }
  if (runner?.state?.running !== undefined) return running(pod, timeOf(runner.state.running.startedAt), now);
  return starting(job, pod, now);
}

function withoutPod(job: Job, now: Date): Outcome {
  const loss = lossOfPod(job);
  if (loss !== null) return lost(null, loss, null, now);
  const waited = now.getTime() - Date.parse(job.metadata.creationTimestamp);
  // An active pod that isn't here is about to be seen.
  if (waited <= POD_EXPECTED_MS || (job.status?.active ?? 0) > 0) {
    return { is: "starting", reason: null, message: "", pod: null };
  }
  // Not for how long: a text that always differs would always be written.
  const message = `its Job, made at ${job.metadata.creationTimestamp}, has no pod yet`;
  return { is: "starting", reason: "JobPodNotCreated", message, pod: null };
}

function ended(job: Job, pod: Pod, end: Terminated, { identity, now }: { identity: RunIdentity; now: Date }): Outcome {
  const read = readReport(end, identity);
  if (read.report !== null) {
    const { report } = read;
    return { is: "reported", report, pod: pod.metadata.name, ...timesOf(pod, end, now) };
  }
  const { mismatch, why } = read;
  // Killed between its last word and its end: what it ended of is known all the same.
  if (!mismatch || end.reason === "OOMKilled") return lost(pod, lossOfEnd(job, pod, end, why), end, now);
  return lost(pod, { reason: "NoReport", retry: true, message: `the runner ended, but ${why}` }, end, now);
}

function running(pod: Pod, startedAt: string | null, now: Date): Outcome {
  const { name } = pod.metadata;
  if (!isNodeLost(pod, now)) return { is: "running", pod: name, startedAt, reason: null, message: "" };
  return { is: "running", pod: name, startedAt, reason: "NodeLost", message: silent(pod) };
}

const silent = ({ metadata, spec }: Pod): string =>
  told(
    `${spec.nodeName ?? "its node"} doesn't answer: whether the run has ended can't be told. If the node is off for good, ` +
      `delete its Node, or the pod: kubectl delete pod ${metadata.name} --namespace ${metadata.namespace} --force`,
  );

function starting(job: Job, pod: Pod, now: Date): Outcome {
  const { name } = pod.metadata;
  if (isNodeLost(pod, now)) return { is: "starting", reason: "NodeLost", message: silent(pod), pod: name };
  const wait = waitOf(job, pod, now);
  switch (wait.is) {
    case "usual":
      return { is: "starting", reason: null, message: "", pod: name };
    case "held":
      return { is: "starting", reason: wait.reason, message: told(wait.message), pod: name };
    case "hopeless":
      return { ...lost(pod, wait.loss, null, now), lingers: true };
    default:
      return wait satisfies never;
  }
}

/** Most likely before its containers began: the kubelet refused it, for a device or the node's labels. */
function unknownEnd(pod: Pod): Loss {
  const { phase = "", reason = "", message = "" } = pod.status ?? {};
  const text = `its pod ended (${reason || phase}) and the runner's end wasn't seen: ${message}`;
  return { reason: "PodNotStarted", retry: true, message: text };
}

function lost(pod: Pod | null, { reason, message, retry }: Loss, end: Terminated | null, now: Date): Lost {
  const times = timesOf(pod, end, now);
  return { is: "lost", reason, message: told(message), retry, pod: pod?.metadata.name ?? null, ...times };
}

function timesOf(pod: Pod | null, end: Terminated | null, now: Date): { startedAt: string | null; finishedAt: string } {
  return {
    startedAt: timeOf(end?.startedAt) ?? timeOf(pod?.status?.startTime),
    finishedAt: timeOf(end?.finishedAt) ?? now.toISOString(),
  };
}
