/** What kstatus reads. Raw, as the API server has it. */
export type Observed = {
  metadata: { generation?: number; deletionTimestamp?: string };
  status?: { observedGeneration?: number; conditions?: { type: string; status: string }[] };
};

export type Kstatus = "Current" | "InProgress" | "Failed" | "Terminating";

/**
 * What `kubectl wait`'s relatives (Flux, Helm 4, kpt) take a custom resource for: the generic rules of kstatus
 * (sigs.k8s.io/cli-utils, pkg/kstatus/status: generic.go and status.go), in its order.
 */
export function computeKstatus({ metadata, status = {} }: Observed): Kstatus {
  if (metadata.deletionTimestamp) return "Terminating";
  const { observedGeneration, conditions = [] } = status;
  if (metadata.generation !== undefined && observedGeneration !== undefined) {
    if (observedGeneration !== metadata.generation) return "InProgress";
  }
  for (const { type, status: is } of conditions) {
    if (type === "Reconciling" && is === "True") return "InProgress";
    if (type === "Stalled" && is === "True") return "Failed";
  }
  for (const { type, status: is } of conditions) {
    if (type !== "Ready") continue;
    if (is === "True") return "Current";
    if (is === "False" || is === "Unknown") return "InProgress";
  }
  // Nothing known speaks against it: so a resource that nobody has visited yet is current too.
  return "Current";
}
