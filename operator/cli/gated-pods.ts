import { PODS } from "../api/kinds.ts";
import type { GatedPod } from "../kubernetes/objects.ts";
import { isGated } from "../watch/gated.ts";
import type { Cluster } from "./cluster.ts";
import { list } from "./list.ts";

/** The namespace's pods that wait at our gate, the oldest first. */
export async function gatedPods<Pod extends GatedPod>(cluster: Cluster, signal: AbortSignal): Promise<Pod[]> {
  const { namespace } = cluster;
  const query = { fieldSelector: "spec.nodeName=" };
  const pods = await list<Pod>(cluster, { kind: PODS, name: "pods", namespace, query }, signal);
  return pods
    .filter(isGated)
    .toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
}
