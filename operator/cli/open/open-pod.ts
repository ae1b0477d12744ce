import { GATE } from "../../../contract/resource/names.ts";
import { isApiError } from "../../api/api.ts";
import { PODS } from "../../api/kinds.ts";
import { pathOf } from "../../api/path.ts";
import { isGated } from "../../watch/gated.ts";
import { asked } from "../ask.ts";
import type { Cluster } from "../cluster.ts";
import { invalid } from "../failure.ts";
import type { OpenPod } from "./find.ts";

/** Somebody else changes it all the time: so often it is read again. */
const TRIES = 10;

/** Takes our gate, and no other, from this very pod. Says what became of it where there was nothing to take. */
export async function openPod(
  pod: OpenPod,
  { api, namespace }: Cluster,
  signal: AbortSignal,
): Promise<"opened" | "is gone" | "was opened meanwhile"> {
  const { name, uid } = pod.metadata;
  const path = pathOf(PODS, namespace, name);
  const how = { signal, leave: ["Conflict", "NotFound"] };
  for (let [tries, { resourceVersion }] = [0, pod.metadata]; tries < TRIES; tries++) {
    const body = { metadata: { uid, resourceVersion }, spec: { schedulingGates: [{ $patch: "delete", name: GATE }] } };
    const patch = { patch: "strategic", body, query: { fieldManager: "kubectl-lockkeeper" }, signal } as const;
    try {
      const ask = async () => await api.request("PATCH", path, patch);
      await asked(ask, { verbs: "patch", resource: "pods", namespace }, how);
      return "opened";
    } catch (error) {
      if (isApiError(error, "NotFound")) return "is gone";
      if (!isApiError(error, "Conflict")) throw error;
    }
    const now = await readAgain(path, { api, namespace }, how);
    if (now === null || now.metadata.uid !== uid) return "is gone";
    if (!isGated(now)) return "was opened meanwhile";
    ({ resourceVersion } = now.metadata);
  }
  throw invalid(`pod ${name} changes all the time: it couldn't be opened in ${TRIES} tries`, "Try again.");
}

async function readAgain(
  path: string,
  { api, namespace }: Pick<Cluster, "api" | "namespace">,
  how: { signal: AbortSignal; leave: string[] },
): Promise<OpenPod | null> {
  try {
    const ask = async () => await api.request<OpenPod>("GET", path, { signal: how.signal });
    return await asked(ask, { verbs: "get", resource: "pods", namespace }, how);
  } catch (error) {
    if (isApiError(error, "NotFound")) return null;
    throw error;
  }
}
