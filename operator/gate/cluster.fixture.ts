/** Deployments, their ReplicaSets and their gated pods as plain values, as Kubernetes changes them; and how far watches are. */
import { GATE, GATE_CONTAINER_ANNOTATION } from "../../contract/resource/names.ts";
import { controllerOf } from "../kubernetes/objects.ts";
import type { Deployment, GatedPod, Meta, ReplicaSet } from "../kubernetes/objects.ts";

export const REVISION = "deployment.kubernetes.io/revision";
const at = new Date(0).toISOString();

export const revisionOf = ({ metadata }: ReplicaSet): number => Number(metadata.annotations?.[REVISION] ?? 0);
export const imageOf = ({ spec }: ReplicaSet, container: string): string | undefined =>
  spec.template.spec.containers.find(({ name }) => name === container)?.image;
export const ownerOf = (object: GatedPod | ReplicaSet): string => controllerOf(object)?.uid ?? "";

export type PodOptions = { names?: string; container?: string; kind?: string };

export type FakeCluster = ReturnType<typeof fakeCluster>;

export function fakeCluster() {
  let count = 0;
  const deployments = new Map<string, Deployment>();
  let replicaSets: ReplicaSet[] = [];
  const pods = new Map<string, GatedPod>();
  /** Every ReplicaSet that ever was, by uid. */
  const sets = new Map<string, ReplicaSet>();

  const meta = (name: string, owner?: { kind: string; metadata: Meta }): Meta => ({
    ...{ name, namespace: "shop", uid: `uid-${++count}`, resourceVersion: String(++count), creationTimestamp: at },
    ...(owner !== undefined && {
      ownerReferences: [
        {
          ...{ apiVersion: "apps/v1", kind: owner.kind, controller: true },
          ...{ name: owner.metadata.name, uid: owner.metadata.uid },
        },
      ],
    }),
  });

  const setsOf = (name: string): ReplicaSet[] => {
    const uid = deployments.get(name)?.metadata.uid;
    return replicaSets.filter((one) => ownerOf(one) === uid).toSorted((a, b) => revisionOf(b) - revisionOf(a));
  };

  /** Puts that ReplicaSet there with the next revision, and has the Deployment name it. */
  function promote(name: string, set: ReplicaSet): void {
    const deployment = deployments.get(name);
    if (deployment === undefined) throw new Error(`no Deployment ${name}`);
    const revision = String(revisionOf(setsOf(name)[0] ?? set) + 1);
    const news = { resourceVersion: String(++count), annotations: { [REVISION]: revision } };
    const promoted = { ...set, metadata: { ...set.metadata, ...news } };
    sets.set(set.metadata.uid, promoted);
    replicaSets = [...replicaSets.filter(({ metadata }) => metadata.uid !== set.metadata.uid), promoted];
    const generation = (deployment.metadata.generation ?? 0) + 1;
    deployments.set(name, {
      metadata: { ...deployment.metadata, ...news, generation },
      spec: { ...deployment.spec, template: set.spec.template },
      status: { observedGeneration: generation },
    });
  }

  const self = {
    pods,
    sets,
    deployments,
    setsOf,
    get replicaSets(): readonly ReplicaSet[] {
      return replicaSets;
    },
    /** A new template, whatever the image was before. The Deployment is made if it isn't there. */
    deploy(name: string, image: string): void {
      const template = {
        spec: {
          containers: [
            { name, image },
            { name: "sidecar", image: "proxy:1" },
          ],
        },
      };
      if (!deployments.has(name)) deployments.set(name, { metadata: meta(name), spec: { template } });
      const owner = { kind: "Deployment", metadata: (deployments.get(name) as Deployment).metadata };
      // A name tells the template and not the Deployment: it comes back when that is made again.
      const names = new Set(replicaSets.map(({ metadata }) => metadata.name));
      let number = 0;
      while (names.has(`${name}-${number}`)) number++;
      const set = { metadata: meta(`${name}-${number}`, owner), spec: { replicas: 1, template } };
      promote(name, set);
    },
    undo(name: string, chance: number): void {
      const all = setsOf(name);
      const old = all[Math.floor(chance * all.length)];
      if (old !== undefined) promote(name, old);
    },
    /** The garbage collector takes what is left, now or some time later. */
    remove(name: string, { lingers }: { lingers: "nothing" | "pods" | "all" }): void {
      const uid = deployments.get(name)?.metadata.uid;
      const gone = new Set(setsOf(name).map(({ metadata }) => metadata.uid));
      deployments.delete(name);
      if (lingers !== "all") replicaSets = replicaSets.filter((one) => ownerOf(one) !== uid);
      if (lingers === "nothing") for (const [key, pod] of pods) if (gone.has(ownerOf(pod))) pods.delete(key);
    },
    /** All that a deleted Deployment has left. */
    collect(): void {
      const uids = new Set([...deployments.values()].map(({ metadata }) => metadata.uid));
      replicaSets = replicaSets.filter((one) => uids.has(ownerOf(one)));
      const known = new Set(replicaSets.map(({ metadata }) => metadata.uid));
      for (const [key, pod] of pods) if (!known.has(ownerOf(pod))) pods.delete(key);
    },
    addPod(set: ReplicaSet, { names = "web", container, kind = "ReplicaSet" }: PodOptions = {}): void {
      const name = `pod-${++count}`;
      const metadata = meta(name, { kind, metadata: set.metadata });
      const annotations = {
        ...(names !== "" && { [GATE]: names }),
        ...(container !== undefined && { [GATE_CONTAINER_ANNOTATION]: container }),
      };
      pods.set(name, { metadata: { ...metadata, annotations }, spec: { schedulingGates: [{ name: GATE }] } });
    },
    /** Somebody writes the pod: what it waits for is another thing then. */
    rename(name: string, names: string): void {
      const pod = pods.get(name);
      if (pod === undefined) return;
      const metadata = { ...pod.metadata, resourceVersion: String(++count), annotations: { [GATE]: names } };
      pods.set(name, { ...pod, metadata });
    },
    /** The old pods go before the new ones come. */
    recreate(name: string, image: string): void {
      const uids = new Set(setsOf(name).map(({ metadata }) => metadata.uid));
      for (const [key, pod] of pods) if (uids.has(ownerOf(pod))) pods.delete(key);
      self.deploy(name, image);
    },
  };
  return self;
}

/** What the watches have told of it so far: each kind by itself. */
export function watches(cluster: FakeCluster) {
  let [deployments, replicaSets, pods] = [new Map<string, Deployment>(), [] as ReplicaSet[], [] as GatedPod[]];
  return {
    catchUp(kinds: { deployments?: boolean; replicaSets?: boolean; pods?: boolean }): void {
      if (kinds.deployments !== false) deployments = new Map(cluster.deployments);
      if (kinds.replicaSets !== false) replicaSets = [...cluster.replicaSets];
      if (kinds.pods !== false) pods = [...cluster.pods.values()];
    },
    pods: (): readonly GatedPod[] => pods,
    deployment: (name: string): Deployment | null => deployments.get(name) ?? null,
    setNamed: (name: string): ReplicaSet | undefined => replicaSets.find(({ metadata }) => metadata.name === name),
    setsOf: (uid: string | undefined): ReplicaSet[] => replicaSets.filter((one) => ownerOf(one) === uid),
  };
}
