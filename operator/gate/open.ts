import { GATE } from "../../contract/resource/names.ts";
import { isApiError } from "../api/api.ts";
import { PODS } from "../api/kinds.ts";
import { pathOf } from "../api/path.ts";
import type { GatedPod } from "../kubernetes/objects.ts";
import type { Context } from "../reconcile/context.ts";
import type { PodRef } from "./gate.ts";

/** So many patches are on their way at once: a release with a thousand pods opens at the server's speed, not faster. */
const AT_ONCE = 32;

type Tools = Pick<Context, "api" | "caches" | "clock" | "instruments" | "leads" | "log">;

/**
 * Takes our gate, and no other, from these pods; each by the resourceVersion that the decision was made on, and only while
 * the lease is held. True when one of them was another by then: it has to be looked at again. Rejects with the first
 * refusal when all were tried.
 */
export async function openGates(
  resource: { namespace: string; name: string },
  pods: readonly PodRef[],
  tools: Tools,
): Promise<boolean> {
  const left = [...pods];
  const refused: unknown[] = [];
  let isNews = false;
  const work = async (): Promise<void> => {
    for (let pod = left.shift(); pod !== undefined; pod = left.shift()) {
      try {
        isNews = (await open(resource.namespace, pod, tools)) || isNews;
      } catch (error) {
        refused.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, pods.length) }, work));
  if (refused.length > 0) throw refused[0];
  tools.log.info({ ...resource, pods: pods.length, first: pods[0]?.name }, "gates opened");
  return isNews;
}

/** True for a pod that is another than it was: what is there now is in the cache then. */
async function open(namespace: string, { name, uid, resourceVersion }: PodRef, tools: Tools): Promise<boolean> {
  const { api, caches, leads } = tools;
  if (!leads()) throw new Error("the lease is over: no gate is opened");
  const path = pathOf(PODS, namespace, name);
  const body = { metadata: { uid, resourceVersion }, spec: { schedulingGates: [{ $patch: "delete", name: GATE }] } };
  try {
    const opened = await api.request<GatedPod>("PATCH", path, { patch: "strategic", body });
    caches.gated.put(opened);
    const waited = tools.clock.wall() - Date.parse(opened.metadata.creationTimestamp);
    if (!Number.isNaN(waited)) tools.instruments.gateWait.observe(Math.max(0, waited) / 1_000);
    return false;
  } catch (error) {
    if (isApiError(error, "NotFound")) {
      caches.gated.remove(`${namespace}/${name}`, uid);
      return false;
    }
    if (!isApiError(error, "Conflict")) throw error;
    const now = await api.request<GatedPod>("GET", path).catch((cause: unknown) => {
      if (isApiError(cause, "NotFound")) return null;
      throw cause;
    });
    if (now === null || now.metadata.uid !== uid) caches.gated.remove(`${namespace}/${name}`, uid);
    if (now !== null) caches.gated.put(now);
    return true;
  }
}
