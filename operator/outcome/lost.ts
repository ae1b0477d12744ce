import type { Reason } from "../../contract/resource/reason.ts";
import type { Job, Pod } from "../kubernetes/objects.ts";
import { conditionOf, podCondition } from "./pod-facts.ts";
import type { Terminated } from "./pod-facts.ts";

/** Why a run left no report, and whether waiting can cure it. */
export type Loss = { reason: Reason; message: string; retry: boolean };

const loss = (reason: Reason, message: string): Loss => ({ reason, message, retry: true });

/** The reasons of `DisruptionTarget` (the API's reference, "Pod disruption conditions"), for people. */
const DISRUPTIONS: Record<string, Loss> = {
  EvictionByEvictionAPI: loss("Evicted", "its pod was evicted: a drained node, or an autoscaler"),
  TerminationByKubelet: loss("Evicted", "the kubelet ended its pod: pressure on the node, or a shutdown"),
  DeletionByTaintManager: loss("Evicted", "its pod was deleted for a taint of its node"),
  PreemptionByScheduler: loss("Evicted", "its pod made room for one of higher priority"),
  DeletionByPodGC: loss("NodeLost", "its node is gone, and its pod with it"),
};

/** What ended the pod from outside; null where nothing is known to have. */
export function disruptionOf(job: Job, pod: Pod): Loss | null {
  const disruption = podCondition(pod, "DisruptionTarget", "True");
  const { reason = "", message = "" } = pod.status ?? {};
  if (disruption !== undefined) {
    const known = DISRUPTIONS[disruption.reason ?? ""] ?? loss("Evicted", "its pod was disrupted");
    return { ...known, message: `${known.message}. ${message || (disruption.message ?? "")}` };
  }
  if (reason === "Evicted") return loss("Evicted", `its pod was evicted. ${message}`);
  if (reason === "NodeLost") return loss("NodeLost", `its node is gone. ${message}`);
  if (reason === "Terminated" || reason === "Shutdown" || reason === "NodeShutdown") {
    return loss("Evicted", `its node was shut down. ${message}`);
  }
  return isPastDeadline(job) ? DEADLINE : null;
}

/** The runner's own time-out comes first, so what used up this one was the way to the run's start. */
const DEADLINE = loss(
  "RunTimeout",
  "the Job's deadline, which is long after timeouts.run, ended it: its pod couldn't start, or the runner hung",
);

const FAILING = ["Failed", "FailureTarget"];

export const isPastDeadline = ({ status }: Job): boolean =>
  FAILING.some((type) => conditionOf(status?.conditions, type, "True")?.reason === "DeadlineExceeded");

const KILL = 137;
const TERMINATE = 143;

/** The runner's container ended without a report of its own. */
export function lossOfEnd(job: Job, pod: Pod, { exitCode, reason, message }: Terminated, why: string): Loss {
  const disruption = disruptionOf(job, pod);
  if (reason === "OOMKilled") {
    return loss("OutOfMemory", "the runner was killed for its memory: raise job.resources.limits.memory");
  }
  if (disruption !== null) return disruption;
  if (reason === "StartError" || reason === "ContainerCannotRun") {
    return loss("PodNotStarted", `the runner's container couldn't start: ${message ?? ""}`);
  }
  const killed = exitCode === KILL || exitCode === TERMINATE || reason === "ContainerStatusUnknown";
  if (killed && pod.metadata.deletionTimestamp !== undefined) {
    return loss("PodDeleted", "its pod was deleted while it ran");
  }
  if (killed) return loss("Killed", `the runner was killed (exit code ${exitCode}); ${why}`);
  return loss("NoReport", `the runner ended with exit code ${exitCode}, and ${why}`);
}

/** The Job has no pod any more. */
export function lossOfPod(job: Job): Loss | null {
  if (isPastDeadline(job)) return DEADLINE;
  const ended = [...FAILING, "Complete", "SuccessCriteriaMet"].some((type) =>
    conditionOf(job.status?.conditions, type, "True"),
  );
  const deleted = loss("PodDeleted", "its pod was deleted before its end was seen");
  return ended || job.metadata.deletionTimestamp !== undefined ? deleted : null;
}
