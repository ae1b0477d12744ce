import { DatabaseMigration } from "../../contract/resource/resource.ts";
import { controllerOf } from "../kubernetes/objects.ts";
import type { GatedPod, ReplicaSet } from "../kubernetes/objects.ts";
import { readLedger } from "../reconcile/ledger.ts";
import { namesOf } from "../watch/gated.ts";
import type { Caches } from "../watch/caches.ts";
import { isMet } from "./gate.ts";
import type { Gated } from "./gate.ts";
import { needOf } from "./resolve.ts";

/** A pod at the gate as one of the resources that it names sees it, with what the others have proved, as they have written it. */
export function observeGated(
  migration: DatabaseMigration,
  pod: GatedPod,
  caches: Pick<Caches, "migrations" | "deployments" | "replicaSets">,
): Gated {
  const { namespace, name, uid, resourceVersion } = pod.metadata;
  const replicaSet = replicaSetOf(pod, caches);
  const deployment = replicaSet === null ? null : controllerOf(replicaSet);
  const isUnproved = (other: string): boolean => {
    const raw = caches.migrations.get(`${namespace}/${other}`);
    const parsed = DatabaseMigration.safeParse({ ...raw, status: raw?.status ?? {} });
    return (
      !parsed.success ||
      !isMet(
        readLedger(parsed.data),
        needOf(parsed.data, pod, { replicaSet, followed: followedBy(parsed.data, caches) }),
      )
    );
  };
  return {
    pod: { name, uid, resourceVersion },
    deployment: deployment === null ? null : { name: deployment.name, uid: deployment.uid },
    need: needOf(migration, pod, { replicaSet, followed: followedBy(migration, caches) }),
    unproved: namesOf(pod).filter((other) => other !== migration.metadata.name && isUnproved(other)),
  };
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
