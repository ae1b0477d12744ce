import { DatabaseMigration } from "../../contract/resource/resource.ts";
import { controllerOf } from "../kubernetes/objects.ts";
import type { GatedPod, ReplicaSet } from "../kubernetes/objects.ts";
import { readLedger } from "../reconcile/ledger.ts";
import { namesOf } from "../watch/gated.ts";
import type { Caches } from "../watch/caches.ts";
import type { RawMigration } from "../watch/migration.ts";
import { isMet } from "./gate.ts";
import type { Gated, Held } from "./gate.ts";
import { needOf } from "./resolve.ts";

/** A pod at the gate as one of the resources that it names sees it, with what the others have proved, as they have written it. */
export function observeGated(
  migration: DatabaseMigration,
  pod: GatedPod,
  caches: Pick<Caches, "migrations" | "deployments" | "replicaSets">,
  read = parsed,
): Gated {
  const { namespace } = pod.metadata;
  const replicaSet = replicaSetOf(pod, caches);
  const isUnproved = (other: string): boolean => {
    const raw = caches.migrations.get(`${namespace}/${other}`);
    const one = raw === undefined ? null : read(raw);
    if (one === null) return true;
    return !isMet(readLedger(one), needOf(one, pod, { replicaSet, followed: followedBy(one, caches) }));
  };
  const need = needOf(migration, pod, { replicaSet, followed: followedBy(migration, caches) });
  const others = need.is === "none" ? [] : namesOf(pod).filter((other) => other !== migration.metadata.name);
  return {
    pod: refOf(pod),
    deployment: deploymentOf(replicaSet),
    need,
    unproved: others.filter(isUnproved),
  };
}

/** By what the cache has, which is another object after each change: many pods may name the same two. */
const known = new WeakMap<RawMigration, DatabaseMigration | null>();

/** Null for one that can't be used. */
function parsed(raw: RawMigration): DatabaseMigration | null {
  const before = known.get(raw);
  if (before !== undefined) return before;
  const { data = null } = DatabaseMigration.safeParse({ ...raw, status: raw.status ?? {} });
  known.set(raw, data);
  return data;
}

/** All pods that name that resource, held for that reason: it can't be looked at. */
export const heldByAll = (
  key: string,
  { reason, message }: Pick<Held, "reason" | "message">,
  caches: Pick<Caches, "gated" | "replicaSets">,
): Held[] =>
  caches.gated.by("resource", key).map((pod) => ({
    ...{ pod: refOf(pod), deployment: deploymentOf(replicaSetOf(pod, caches)) },
    ...{ reason, message, about: key },
  }));

const refOf = ({ metadata: { name, uid, resourceVersion } }: GatedPod): Gated["pod"] => ({
  name,
  uid,
  resourceVersion,
});

function deploymentOf(replicaSet: ReplicaSet | null): Gated["deployment"] {
  const deployment = replicaSet === null ? null : controllerOf(replicaSet);
  return deployment === null ? null : { name: deployment.name, uid: deployment.uid };
}

/** The one that controls it, by its uid: its name comes back when a Deployment is deleted and created again. */
function replicaSetOf(pod: GatedPod, { replicaSets }: Pick<Caches, "replicaSets">): ReplicaSet | null {
  const controller = controllerOf(pod);
  const found = controller === null ? undefined : replicaSets.get(`${pod.metadata.namespace}/${controller.name}`);
  return found !== undefined && found.metadata.uid === controller?.uid ? found : null;
}

function followedBy(
  { metadata, spec }: DatabaseMigration,
  { deployments, replicaSets }: Pick<Caches, "deployments" | "replicaSets">,
): ReplicaSet[] {
  const name = spec.source.workload?.name;
  const deployment = name === undefined ? undefined : deployments.get(`${metadata.namespace}/${name}`);
  return deployment === undefined ? [] : replicaSets.by("owner", deployment.metadata.uid);
}
