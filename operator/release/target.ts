import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { Deployment, PodTemplate, ReplicaSet } from "../kubernetes/objects.ts";
import { releaseKey } from "./key.ts";

/** A release that somebody waits for. */
export type Wanted = {
  key: string;
  /** The Deployment's revision; 0 without a workload. The newest wins. */
  revision: number;
  /** The image's reference, or the ConfigMap's name. */
  image: string;
  from: "image" | "configMap";
  template: PodTemplate | null;
  /** The Deployment's generation that it was read at; 0 without a workload. */
  workloadGeneration: number;
};

/** What the source points to now, or why that can't be told. `waits`: whether it may come by itself. */
export type Target =
  | { is: "release"; wanted: Wanted }
  | {
      is: "unknown";
      waits: boolean;
      reason: "WorkloadNotFound" | "WorkloadNotObserved" | "ContainerNotFound";
      message: string;
    };

export type Workload = { deployment: Deployment | null; replicaSets: ReplicaSet[] };

const REVISION = "deployment.kubernetes.io/revision";

/** The release that the resource is to bring the database to: for a workload, its current ReplicaSet's. */
export function targetOf(migration: DatabaseMigration, workload: Workload): Target {
  const { image, configMap } = migration.spec.source;
  if (migration.spec.source.workload !== undefined) return followed(migration, workload);
  if (image !== undefined) return fixed(migration, "image", image.ref);
  return fixed(migration, "configMap", configMap?.name ?? "");
}

function fixed(migration: DatabaseMigration, from: "image" | "configMap", image: string): Target {
  const key = releaseKey(migration, { replicaSet: null, image: from === "image" ? image : `configmap:${image}` });
  return { is: "release", wanted: { key, revision: 0, image, from, template: null, workloadGeneration: 0 } };
}

/**
 * The current ReplicaSet is the one with the Deployment's own revision, and only once the Deployment's controller has seen
 * the newest template. Deployment and ReplicaSet come by two watches: until both tell the same revision, it isn't known.
 */
function followed(migration: DatabaseMigration, { deployment, replicaSets }: Workload): Target {
  const name = migration.spec.source.workload?.name ?? "";
  if (deployment === null) {
    const message = `the Deployment ${name} isn't there; the run starts when it is`;
    return { is: "unknown", waits: true, reason: "WorkloadNotFound", message };
  }
  const { generation = 0, annotations } = deployment.metadata;
  const current = replicaSets.find(
    ({ metadata }) =>
      metadata.annotations?.[REVISION] === annotations?.[REVISION] && metadata.deletionTimestamp === undefined,
  );
  if (
    deployment.status?.observedGeneration !== generation ||
    current === undefined ||
    annotations?.[REVISION] === undefined
  ) {
    const message = `the ReplicaSet of generation ${generation} of the Deployment ${name} isn't there yet: is it paused?`;
    return { is: "unknown", waits: true, reason: "WorkloadNotObserved", message };
  }
  const wanted = wantedOf(migration, current, generation);
  if (wanted !== null) return { is: "release", wanted };
  const container = migration.spec.source.workload?.container;
  const message = `the Deployment ${name} has no container ${JSON.stringify(container)}; correct spec.source.workload.container`;
  return { is: "unknown", waits: false, reason: "ContainerNotFound", message };
}

/** The release of one ReplicaSet; null where it has no such container. */
export function wantedOf(
  migration: DatabaseMigration,
  replicaSet: ReplicaSet,
  workloadGeneration: number,
): Wanted | null {
  const { template } = replicaSet.spec;
  const name = migration.spec.source.workload?.container;
  const { containers } = template.spec;
  const container = name === undefined ? containers[0] : containers.find((one) => one.name === name);
  if (container === undefined) return null;
  const key = releaseKey(migration, { replicaSet: replicaSet.metadata.uid, image: container.image });
  return { key, revision: revisionOf(replicaSet), image: container.image, from: "image", template, workloadGeneration };
}

/** 0 for what is no whole number: who may write ReplicaSets may write anything there. */
function revisionOf({ metadata }: ReplicaSet): number {
  const revision = Number(metadata.annotations?.[REVISION] ?? 0);
  return Number.isSafeInteger(revision) ? revision : 0;
}

/** How many ReplicaSets without pods keep their proof: an undo to one of them passes at once. */
const KEPT = 20;

/** The keys whose proof is kept: of every ReplicaSet that has pods, and of the newest ones. Null: there is no workload. */
export function liveKeys(migration: DatabaseMigration, { replicaSets }: Workload): Set<string> | null {
  if (migration.spec.source.workload === undefined) return null;
  const newest = replicaSets.toSorted((a, b) => revisionOf(b) - revisionOf(a));
  const live = newest.filter((replicaSet, index) => index < KEPT || (replicaSet.spec.replicas ?? 0) > 0);
  return new Set(live.flatMap((replicaSet) => wantedOf(migration, replicaSet, 0)?.key ?? []));
}
