import { ApiError } from "../../api/api.ts";
import { pathOf } from "../../api/path.ts";
import { eventBody } from "../../event/event.ts";
import type { Regarding } from "../../event/event.ts";
import type { Cluster } from "../cluster.ts";
import type { Host } from "../host.ts";
import type { Found } from "./find.ts";

const EVENTS = { api: "/apis/events.k8s.io/v1", plural: "events" };

/**
 * An event on each opened pod, and on the Deployment, that tells who did it: whoever looks for the reason of an error finds
 * it there. Gives why that couldn't be done, or null: the pods are open all the same.
 */
export async function recordOpened(
  { deployment }: Found,
  opened: Found["pods"],
  { api, namespace }: Cluster,
  host: Host,
): Promise<string | null> {
  try {
    const who = await user(api, host.signal);
    const note = `opened by hand by ${who}: nobody has proved that the schema of its release is there`;
    const pods = opened.map(({ pod: { metadata } }) => ({ about: regarding("v1", "Pod", metadata, namespace), note }));
    const all = `${opened.length} of its pods were ${note}`;
    const whole =
      deployment === null
        ? []
        : [{ about: regarding("apps/v1", "Deployment", deployment.metadata, namespace), note: all }];
    for (const one of [...pods, ...whole]) {
      const input = {
        regarding: one.about,
        type: "Warning",
        reason: "OpenedByHand",
        note: one.note,
        action: "Open",
      } as const;
      const body = {
        ...eventBody(input, "kubectl-lockkeeper", host.wall()),
        reportingController: "lockkeeper.dev/kubectl",
      };
      await api.request("POST", pathOf(EVENTS, namespace), { body, signal: host.signal });
    }
    return null;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

const regarding = (
  apiVersion: string,
  kind: string,
  { name, uid }: { name: string; uid: string },
  namespace: string,
): Regarding => ({ apiVersion, kind, namespace, name, uid });

/** As the API server knows the user; whoever may not ask is a somebody. */
async function user(api: Cluster["api"], signal: AbortSignal): Promise<string> {
  const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  type Review = { status?: { userInfo?: { username?: string } } };
  try {
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const { status } = await api.request<Review>("POST", path, { body, signal });
    return status?.userInfo?.username ?? "somebody";
  } catch (error) {
    if (error instanceof ApiError) return "somebody";
    throw error;
  }
}
