import { setTimeout as sleep } from "node:timers/promises";
import { RUN_ANNOTATION } from "../../../contract/resource/names.ts";
import type { Cluster } from "../../cluster/provider.ts";
import { watchArrivals } from "./arrivals.ts";
import type { Arrivals } from "./arrivals.ts";
import type { Client } from "./client.ts";
import type { Loader } from "./loader.ts";
import type { Operator } from "./operator.ts";
import { jobsPath, migrationsPath, podsPath } from "./resources.ts";
import type { Run } from "./resources.ts";

/** Where the resources are, and where the floor's Jobs are, of which the operator sees nothing. */
export const NAMESPACE = "bench";
export const FLOOR_NAMESPACE = "bench-floor";

/** What all measures share. */
export type Stage = {
  cluster: Cluster;
  client: Client;
  loader: Loader;
  /** Of the operator's own account. */
  kubeconfig: string;
  scratch: string;
};

/** The Jobs' arrivals, by the resource that owns each. */
export const watchJobs = async (client: Client): Promise<Arrivals> =>
  await watchArrivals(client, {
    path: jobsPath(NAMESPACE),
    nameOf: ({ metadata }) => metadata.ownerReferences?.[0]?.name ?? null,
  });

/** The run that the Job of that resource is for. */
export function runOf(jobs: Arrivals, resource: string): Run {
  const metadata = jobs.seen.get(resource)?.object.metadata;
  if (metadata === undefined) throw new Error(`${resource} has no Job`);
  const { name, uid, annotations = {} } = metadata;
  const [runId = "", key = ""] = [annotations[RUN_ANNOTATION.runId], annotations[RUN_ANNOTATION.key]];
  return { resource, job: { name, uid }, runId, key };
}

/** The status of a resource whose Job was just made. */
export async function statusOf(client: Client, resource: string): Promise<unknown> {
  const path = `${migrationsPath(NAMESPACE)}/${resource}`;
  return (JSON.parse(await client.send({ method: "GET", path })) as { status: unknown }).status;
}

/** Removes all that the operator works on; the resources first, or it would make the Jobs anew. */
export async function clear(client: Client): Promise<void> {
  for (const path of [migrationsPath(NAMESPACE), jobsPath(NAMESPACE), podsPath(NAMESPACE)]) {
    await removeAll(client, path);
  }
}

export async function removeAll(client: Client, path: string): Promise<void> {
  const body = JSON.stringify({ propagationPolicy: "Background", gracePeriodSeconds: 0 });
  await client.send({ method: "DELETE", path, body });
}

const QUIET_SAMPLES = 3;
const SAMPLE_MS = 100;
const QUIET_MS = 5;
const PATIENCE_MS = 60_000;

/** Waits until the operator has nothing left to do: events, say, are written behind the work. */
export async function quiet(operator: Operator): Promise<void> {
  let before = operator.cpuMs();
  for (let [samples, waited] = [0, 0]; samples < QUIET_SAMPLES; waited += SAMPLE_MS) {
    if (waited > PATIENCE_MS) throw new Error("The operator doesn't come to rest.");
    await sleep(SAMPLE_MS);
    const cpuMs = operator.cpuMs();
    samples = cpuMs - before < QUIET_MS ? samples + 1 : 0;
    before = cpuMs;
  }
}
