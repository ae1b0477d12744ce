import type { Pod } from "../kubernetes/objects.ts";
import { podCondition } from "./pod-facts.ts";

/** A pod is to be gone at its deletionTimestamp, which has the grace in it; clocks differ. */
const LATE_MS = 15_000;

/**
 * Whether the node of a pod whose container is said to run has stopped answering. The node controller then turns the pod's
 * Ready off and leaves all else as it was (a container or a readiness gate that isn't ready is told with a reason), and
 * later deletes the pod, which without a kubelet never goes.
 */
export function isNodeLost(pod: Pod, now: Date): boolean {
  if (pod.status?.reason === "NodeLost") return true;
  const { deletionTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined && now.getTime() > Date.parse(deletionTimestamp) + LATE_MS) return true;
  const unready = podCondition(pod, "Ready", "False");
  return (
    unready !== undefined && (unready.reason ?? "") === "" && podCondition(pod, "ContainersReady", "True") !== undefined
  );
}
