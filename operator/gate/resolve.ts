/** Whose pod waits at the gate: the release that it belongs to, and what it has to wait for. Pure. */
import { GATE_CONTAINER_ANNOTATION } from "../../contract/resource/names.ts";
import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import { controllerOf } from "../kubernetes/objects.ts";
import type { GatedPod, ReplicaSet } from "../kubernetes/objects.ts";
import { isPinned, releaseKey } from "../release/key.ts";
import { wantedOf } from "../release/target.ts";
import type { Wanted } from "../release/target.ts";
import { MOST_NAMES, namesOf } from "../watch/gated.ts";

/** Why a pod is held whatever is proved. */
export type HoldReason =
  | "GateUnsupported"
  | "GateNeedsWorkload"
  | "ContainerNotFound"
  | "ReplicaSetNotFound"
  | "TooManyMigrations";

/** What has to be proved for one of the resources that a pod names. */
export type Need =
  /** A release of the followed Deployment: its key. */
  | { is: "release"; wanted: Wanted }
  /** A pod of another Deployment passes with a proved release of the followed one that has its image: their keys. */
  | { is: "image"; image: string; keys: string[] }
  | { is: "none"; reason: HoldReason; message: string };

/**
 * The ReplicaSet that controls the pod, by uid; null where there is none, or none that is known. `followed`: those of the
 * Deployment that the resource follows.
 */
export type Owner = { replicaSet: ReplicaSet | null; followed: readonly ReplicaSet[] };

/** What that resource has to have proved before the pod may start. Neither the pod's labels nor its own image count. */
export function needOf(migration: DatabaseMigration, pod: GatedPod, { replicaSet, followed }: Owner): Need {
  const { name, source } = { name: migration.metadata.name, source: migration.spec.source };
  const controller = controllerOf(pod);
  if (controller?.kind !== "ReplicaSet") {
    const what = controller === null ? "a pod of its own" : `a pod of a ${controller.kind}`;
    return held(
      "GateUnsupported",
      `${what} can't be gated: only those of Deployments; take the gate out of its template`,
    );
  }
  const names = namesOf(pod).length;
  if (names > MOST_NAMES) {
    return held("TooManyMigrations", `its annotation names ${names} DatabaseMigrations: at most ${MOST_NAMES} can be`);
  }
  if (source.workload === undefined) {
    return held(
      "GateNeedsWorkload",
      `DatabaseMigration ${name} follows no Deployment: give it source.workload, or take the gate away`,
    );
  }
  if (replicaSet === null) return held("ReplicaSetNotFound", `its ReplicaSet ${controller.name} isn't known yet`);
  const deployment = controllerOf(replicaSet);
  if (deployment?.kind !== "Deployment") {
    return held("GateUnsupported", "its ReplicaSet belongs to no Deployment: only pods of Deployments can be gated");
  }
  if (deployment.name === source.workload.name) {
    const wanted = wantedOf(migration, replicaSet, 0);
    if (wanted !== null) return { is: "release", wanted: isOfAnother(replicaSet, followed) ? asLast(wanted) : wanted };
    return held("ContainerNotFound", `its template has no container ${JSON.stringify(source.workload.container)}`);
  }
  const container = pod.metadata.annotations?.[GATE_CONTAINER_ANNOTATION] ?? source.workload.container;
  const { containers } = replicaSet.spec.template.spec;
  const image = (container === undefined ? containers[0] : containers.find((one) => one.name === container))?.image;
  if (image !== undefined) return { is: "image", image, keys: keysOf(migration, followed, image) };
  const cure = `name the one whose image counts by the annotation ${GATE_CONTAINER_ANNOTATION}`;
  return held("ContainerNotFound", `its template has no container ${JSON.stringify(container)}; ${cure}`);
}

const held = (reason: HoldReason, message: string): Need => ({ is: "none", reason, message });

/** Of a Deployment of that name that was deleted: its pods go, and its revisions tell nothing of those of the new one. */
const isOfAnother = ({ metadata }: ReplicaSet, followed: readonly ReplicaSet[]): boolean =>
  followed.length > 0 && followed.every((one) => one.metadata.uid !== metadata.uid);

const asLast = (wanted: Wanted): Wanted => ({ ...wanted, revision: 0 });

/** The keys under which that image may be proved now: for this database, and not one that the spec named before. */
function keysOf(migration: DatabaseMigration, followed: readonly ReplicaSet[], image: string): string[] {
  const releases = followed.flatMap((replicaSet) => wantedOf(migration, replicaSet, 0) ?? []);
  const keys = releases.filter((release) => release.image === image).map(({ key }) => key);
  // What a digest names is proved by any ReplicaSet, one that is gone too.
  return [...new Set(isPinned(image) ? [...keys, releaseKey(migration, { replicaSet: null, image })] : keys)];
}
