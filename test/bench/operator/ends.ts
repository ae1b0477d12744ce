/** From the end of a run's container to the resource's condition. */
import { LABEL } from "../../../contract/resource/names.ts";
import { watchArrivals } from "./arrivals.ts";
import type { Arrivals, Watched } from "./arrivals.ts";
import { openClient } from "./client.ts";
import type { Operator } from "./operator.ts";
import { endRun, migrationsPath, podsPath } from "./resources.ts";
import { NAMESPACE, quiet, runOf } from "./stage.ts";
import type { Stage } from "./stage.ts";

type Condition = { type: string; status: string };
type Container = { state?: { terminated?: object } };

const readyName = ({ metadata, status }: Watched): string | null => {
  const conditions = (status?.["conditions"] ?? []) as Condition[];
  return conditions.some(({ type, status: is }) => type === "Ready" && is === "True") ? metadata.name : null;
};

const endedName = ({ metadata, status }: Watched): string | null => {
  const containers = (status?.["containerStatuses"] ?? []) as Container[];
  return containers.some(({ state }) => state?.terminated !== undefined)
    ? (metadata.labels?.[LABEL.instance] ?? null)
    : null;
};

/**
 * Ends these resources' runs one after the other. Gives for each the time, ms, from the event that its container has ended
 * to the event that it is ready; both arrive at this process.
 */
export async function measureEnds({ cluster, loader }: Stage, jobs: Arrivals, resources: string[]): Promise<number[]> {
  using client = await openClient(cluster.kubeconfig, 1);
  const pods = await watchArrivals(client, { path: podsPath(NAMESPACE), nameOf: endedName, whole: true });
  const migrations = await watchArrivals(client, { path: migrationsPath(NAMESPACE), nameOf: readyName, whole: true });
  const toConditionMs: number[] = [];
  for (const resource of resources) {
    await loader.lanes([endRun(NAMESPACE, runOf(jobs, resource))], 1);
    const [ended, ready] = await Promise.all([pods.of(resource), migrations.of(resource)]);
    toConditionMs.push(ready - ended);
  }
  return toConditionMs;
}

/** Ends these resources' runs by 16 clients, and waits for their conditions and for the operator's rest. Gives its CPU, ms. */
export async function endAll(
  { cluster, loader }: Stage,
  { operator, jobs, resources }: { operator: Operator; jobs: Arrivals; resources: string[] },
): Promise<number> {
  using client = await openClient(cluster.kubeconfig, 1);
  const migrations = await watchArrivals(client, { path: migrationsPath(NAMESPACE), nameOf: readyName, whole: true });
  const before = operator.cpuMs();
  const lanes = resources.map((resource) => endRun(NAMESPACE, runOf(jobs, resource)));
  await loader.lanes(lanes, 16);
  await Promise.all(resources.map(async (resource) => await migrations.of(resource)));
  await quiet(operator);
  return operator.cpuMs() - before;
}
