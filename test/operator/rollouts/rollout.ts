/** Rollouts one after the other under load: how many requests fail, and whether an app began before its migrations ended. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Result } from "./load.ts";
import { rolledImage } from "./images.ts";
import { loadPod, migration, service } from "./manifests.ts";
import { TOOLS } from "./tools.ts";
import type { Place, ToolName } from "./tools.ts";

export type Rolled = Place & {
  apply(...objects: Record<string, unknown>[]): Promise<void>;
  /** When the first successful run of that image ended, ms; by the run log. */
  finishedAt(image: string): Promise<number>;
};

/** For `finishedAt`; its parameter is the image. */
export const FINISHED = `
  select extract(epoch from min(finished_at)) * 1000 as at from lockkeeper.migration_run_log
  where source = $1 and status = 'SUCCESS' having count(*) > 0`;

export type RolloutOptions = {
  tool: ToolName;
  rollouts: number;
  perSecond: number;
  /** How long the load goes on after the last rollout, ms. */
  afterMs: number;
};

export type Outcome = {
  tool: ToolName;
  rollouts: number;
  load: Result;
  /** By new pod, ms from its run's end to the start of its process. */
  marginsMs: number[];
};

/** The Secret `web-db` has to be there. Throws if a rollout doesn't end. */
export async function rollOut(place: Rolled, options: RolloutOptions): Promise<Outcome> {
  const { rollouts, perSecond, afterMs } = options;
  const { change, release } = TOOLS[options.tool];
  const { kubectl } = place;
  await place.apply(migration, service);
  await change(place, release(0), true);
  await rolled(place);
  const address = await kubectl("get", "service", "web", "--output=jsonpath={.spec.clusterIP}");
  await place.apply(loadPod(address, perSecond));
  await kubectl("wait", "--for=condition=Ready", "pod/load", "--timeout=60s");
  const marginsMs: number[] = [];
  for (let number = 1; number <= rollouts; number++) {
    await change(place, release(number), false);
    await rolled(place);
    marginsMs.push(...(await marginsOf(place, rolledImage(release(number)))));
  }
  await sleep(afterMs);
  const path = `/api/v1/namespaces/${place.namespace}/pods/load:8081/proxy/result`;
  const load = JSON.parse(await kubectl("get", "--raw", path)) as Result;
  return { tool: options.tool, rollouts, load, marginsMs };
}

const rolled = async ({ kubectl }: Place): Promise<string> =>
  await kubectl("rollout", "status", "deployment/web", "--timeout=300s");

type Pod = { metadata: { name: string; deletionTimestamp?: string }; spec: { containers: { image: string }[] } };

/** Of the pods of that image that are there. */
async function marginsOf({ kubectl, finishedAt }: Rolled, image: string): Promise<number[]> {
  const listed = await kubectl("get", "pods", "--selector=app=web", "--output=json");
  const pods = (JSON.parse(listed) as { items: Pod[] }).items.filter(
    ({ metadata, spec }) => metadata.deletionTimestamp === undefined && spec.containers[0]?.image === image,
  );
  const ended = await finishedAt(image);
  const began = pods.map(async ({ metadata }) => {
    const [line = ""] = (await kubectl("logs", metadata.name)).split("\n");
    return (JSON.parse(line) as { startedAt: number }).startedAt - ended;
  });
  return await Promise.all(began);
}
