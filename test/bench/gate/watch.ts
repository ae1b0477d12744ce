/** What the benchmark sees of pods: when each is held, when it is open, and when a run's container has ended. */
import { LABEL } from "../../../contract/resource/names.ts";
import { watchArrivals } from "../operator/arrivals.ts";
import type { Arrivals, Watched } from "../operator/arrivals.ts";
import type { Client } from "../operator/client.ts";
import { podsPath } from "../operator/resources.ts";

type Container = { state?: { terminated?: object } };
type Seen = Watched & { spec?: { schedulingGates?: unknown[] } };

export const held = (pod: string): string => `held ${pod}`;
export const opened = (pod: string): string => `open ${pod}`;
export const ended = (resource: string): string => `ended ${resource}`;

function nameOf({ metadata, spec, status }: Seen): string | null {
  if (metadata.labels?.[LABEL.component] === "migration") {
    const containers = (status?.["containerStatuses"] ?? []) as Container[];
    const hasEnded = containers.some(({ state }) => state?.terminated !== undefined);
    return hasEnded ? ended(metadata.labels[LABEL.instance] ?? "") : null;
  }
  return (spec?.schedulingGates?.length ?? 0) > 0 ? held(metadata.name) : opened(metadata.name);
}

/** One watch for all of them, so that they come in the server's order. */
export const watchPods = async (client: Client, namespace: string): Promise<Arrivals> =>
  await watchArrivals(client, { path: podsPath(namespace), nameOf, whole: true });
