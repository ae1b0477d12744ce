/** How long pods are held once they need not be, and how fast many are opened. */
import { GATE } from "../../../contract/resource/names.ts";
import type { Arrivals } from "../operator/arrivals.ts";
import type { Operator } from "../operator/operator.ts";
import { endRun, podsPath } from "../operator/resources.ts";
import { NAMESPACE, quiet, removeAll, runOf } from "../operator/stage.ts";
import type { Stage } from "../operator/stage.ts";
import { createPod, makeWorkload, openPod } from "./objects.ts";
import type { Workload } from "./objects.ts";
import { ended, held, opened } from "./watch.ts";

export type Scene = Stage & { operator: Operator; jobs: Arrivals; pods: Arrivals };

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

/** A release of so many pods that wait for its run, which is on: the operator has come to rest. */
async function gatedRelease(scene: Scene, name: string, count: number): Promise<{ workload: Workload; all: string[] }> {
  const { client, loader, operator, jobs, pods } = scene;
  const workload = await makeWorkload(client, NAMESPACE, name);
  const all = names(name, count);
  await loader.run(
    all.map((pod) => createPod(NAMESPACE, workload, pod)),
    16,
  );
  await Promise.all(all.map(async (pod) => await pods.of(held(pod))));
  await jobs.of(name);
  await quiet(operator);
  return { workload, all };
}

/** The release's run gets its pod, and ends when that is known, as runs do: a pod's beginning and end aren't one event. */
async function endRelease({ loader, jobs, operator }: Scene, name: string): Promise<void> {
  const [begin, ...end] = endRun(NAMESPACE, runOf(jobs, name));
  if (begin === undefined) throw new Error("a run has no beginning");
  await loader.lanes([[begin]], 1);
  await quiet(operator);
  await loader.lanes([end], 1);
}

/** From the event of the run's end to that of the last of the pods' gates, ms. */
export async function measureRelease(scene: Scene, name: string, count: number): Promise<number> {
  const { client, pods } = scene;
  const { all } = await gatedRelease(scene, name, count);
  await endRelease(scene, name);
  const end = await pods.of(ended(name));
  const at = await Promise.all(all.map(async (pod) => await pods.of(opened(pod))));
  await removeAll(client, podsPath(NAMESPACE));
  return Math.max(...at) - end;
}

/** New pods of a release that is applied, one after the other: from a pod's own event to that of its gate, ms. */
export async function measureProved(scene: Scene, name: string, count: number): Promise<number[]> {
  const { client, loader, jobs, pods, operator } = scene;
  const workload = await makeWorkload(client, NAMESPACE, name);
  await jobs.of(name);
  await loader.lanes([endRun(NAMESPACE, runOf(jobs, name))], 1);
  await pods.of(ended(name));
  await quiet(operator);
  const took: number[] = [];
  for (const pod of names(name, count)) {
    await loader.run([createPod(NAMESPACE, workload, pod)], 1);
    const [from, to] = [await pods.of(held(pod)), await pods.of(opened(pod))];
    took.push(to - from);
  }
  await removeAll(client, podsPath(NAMESPACE));
  return took;
}

/** `perSecond`: pods, from the first gate's event to the last one's. `cpuMsEach`: the operator's own. */
export type Rate = { count: number; perSecond: number; cpuMsEach: number };

const rateOf = (at: readonly number[]): number => ((at.length - 1) / (Math.max(...at) - Math.min(...at))) * 1_000;

/** Many pods of one release are opened by its proof. */
export async function measureMany(scene: Scene, name: string, count: number): Promise<Rate> {
  const { client, pods, operator } = scene;
  const { all } = await gatedRelease(scene, name, count);
  const before = operator.cpuMs();
  await endRelease(scene, name);
  const at = await Promise.all(all.map(async (pod) => await pods.of(opened(pod))));
  await quiet(operator);
  const cpuMsEach = (operator.cpuMs() - before) / count;
  await removeAll(client, podsPath(NAMESPACE));
  return { count, perSecond: rateOf(at), cpuMsEach };
}

/** So many of the operator's patches are on their way at once (operator/gate/open.ts). */
const IN_FLIGHT = 32;

/** The same patches by a plain client, of pods that wait for a resource that isn't there. */
export async function measureFloor({ client, loader, pods }: Scene, name: string, count: number): Promise<number> {
  const all = names(name, count);
  const workload = { name: `not-${GATE.split("/").at(-1)}`, replicaSet: { name, uid: crypto.randomUUID() } };
  await loader.run(
    all.map((pod) => createPod(NAMESPACE, workload, pod)),
    16,
  );
  await Promise.all(all.map(async (pod) => await pods.of(held(pod))));
  const calls = all.map((pod) => {
    const is = pods.seen.get(held(pod))?.object.metadata;
    if (is === undefined) throw new Error(`${pod} wasn't seen`);
    const { uid, resourceVersion } = is;
    return openPod(NAMESPACE, pod, { uid, resourceVersion });
  });
  await loader.run(calls, IN_FLIGHT);
  const at = await Promise.all(all.map(async (pod) => await pods.of(opened(pod))));
  await removeAll(client, podsPath(NAMESPACE));
  return rateOf(at);
}
