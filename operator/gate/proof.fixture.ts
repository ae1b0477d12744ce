/** A model of which pods may run, of its own: by what runs reported, of which image and database, since proof was revoked last. */
import type { DatabaseIdentity, Report } from "../../contract/report.ts";
import { GATE, GATE_CONTAINER_ANNOTATION } from "../../contract/resource/names.ts";
import { controllerOf } from "../kubernetes/objects.ts";
import type { GatedPod, ReplicaSet } from "../kubernetes/objects.ts";
import { running } from "../reconcile/ledger.ts";
import type { World } from "../reconcile/world.fixture.ts";
import { imageOf, ownerOf } from "./cluster.fixture.ts";
import type { fakeCluster } from "./cluster.fixture.ts";

export type Name = "web" | "billing";
type Databases = Record<Name, string>;

/** What one resource is in the model. */
export type Subject = {
  world: World;
  /** What its Secret's URL leads to. */
  database: string;
  /** `DATABASE|REPLICASET|IMAGE` of what is proved. */
  proved: Set<string>;
  /** The same, of all time: what a leader that knows of no revocation may believe. */
  ever: Set<string>;
  /** Runs from before the last revocation: they prove nothing. */
  void: Set<string>;
  identity: DatabaseIdentity | null;
};

export const MOST_NAMES = 20;
export const isPinned = (image: string): boolean => image.includes("@sha256:");

/** Knows nothing of status and decisions: only what is in the cluster, and what `learn` and `revoke` are told. */
export function proofModel(cluster: ReturnType<typeof fakeCluster>, subjects: Record<Name, Subject>) {
  const uidOf = new WeakMap<object, string>();

  const identityOf = ({ database }: Pick<Subject, "database">, uid: string, image: string): string =>
    `${database}|${isPinned(image) ? "" : uid}|${image}`;

  /** The database of each resource, as its spec names it now. */
  const databases = (): Databases => ({ web: subjects.web.database, billing: subjects.billing.database });

  /** What has to be proved for that pod by that resource: one of these. Null: nothing opens it. */
  function needsOf(pod: GatedPod, one: Subject, database = one.database): string[] | null {
    const controller = controllerOf(pod);
    const set = cluster.sets.get(ownerOf(pod));
    if (namesOf(pod).length > MOST_NAMES || controller?.kind !== "ReplicaSet" || set === undefined) return null;
    const wanted = one.world.migration().spec.source.workload?.container;
    if (deploymentOf(set) === "web") {
      const image = imageOf(set, wanted ?? "web");
      return image === undefined ? null : [identityOf({ database }, set.metadata.uid, image)];
    }
    const container = pod.metadata.annotations?.[GATE_CONTAINER_ANNOTATION] ?? wanted ?? deploymentOf(set);
    const image = imageOf(set, container);
    if (image === undefined) return null;
    const all = [...cluster.sets.values()].filter((each) => deploymentOf(each) === "web");
    const same = all.filter((each) => imageOf(each, "web") === image);
    return same.length === 0 ? null : same.map(({ metadata }) => identityOf({ database }, metadata.uid, image));
  }

  const deploymentOf = (set: ReplicaSet): string => controllerOf(set)?.name ?? "";
  const namesOf = ({ metadata }: GatedPod): string[] =>
    (metadata.annotations?.[GATE] ?? "").split(",").filter((name) => name !== "");

  const isProvedFor = (pod: GatedPod, which: "proved" | "ever", at = databases()): boolean =>
    namesOf(pod).length > 0 &&
    namesOf(pod).every((name) => {
      const one = subjects[name as Name];
      if (one === undefined) return false;
      return (needsOf(pod, one, at[name as Name]) ?? []).some((identity) => one[which].has(identity));
    });

  /** Whether its ReplicaSet is still there, so that the operator may know what it is of. */
  const isKnown = (pod: GatedPod): boolean =>
    cluster.replicaSets.some(({ metadata }) => metadata.uid === ownerOf(pod)) && isOfKnownImage(pod);

  /** A worker's pod passes by a ReplicaSet of the Deployment that is there now, unless its image is pinned. */
  function isOfKnownImage(pod: GatedPod): boolean {
    const set = cluster.sets.get(ownerOf(pod));
    if (set === undefined || deploymentOf(set) === "web") return true;
    const image = imageOf(set, pod.metadata.annotations?.[GATE_CONTAINER_ANNOTATION] ?? deploymentOf(set)) ?? "";
    const current = cluster.setsOf("web").filter((each) => imageOf(each, "web") === image);
    return namesOf(pod).every((name) => {
      const one = subjects[name as Name];
      const isProved = (identity: string): boolean => one?.proved.has(identity) ?? false;
      return one !== undefined && current.some(({ metadata }) => isProved(identityOf(one, metadata.uid, image)));
    });
  }

  function uidOfTemplate(template: object): string {
    for (const { metadata, spec } of cluster.sets.values()) uidOf.set(spec.template, metadata.uid);
    return uidOf.get(template) ?? "";
  }

  /** Nothing that was proved counts any more, nor what the runs that were begun will report. */
  function revoke(one: Subject): void {
    one.proved.clear();
    for (const { name } of one.world.jobs) one.void.add(name);
    // One that is written, and not made yet.
    one.void.add(running({ releases: one.world.status.releases ?? [] })?.job ?? "");
  }

  /** What a run's report proves or revokes. */
  function learn(name: Name, { order, name: job }: World["jobs"][number], told: Report): void {
    const one = subjects[name];
    if (told.database === null) return;
    const isOther = one.identity !== null && one.identity.systemIdentifier !== told.database.systemIdentifier;
    one.identity = told.database;
    const isVoid = one.void.has(job);
    if (isOther) return revoke(one);
    if (order.command === "status") {
      const current = cluster.setsOf("web")[0];
      const image = current === undefined ? "" : (imageOf(current, "web") ?? "");
      const isProved = current !== undefined && one.proved.has(identityOf(one, current.metadata.uid, image));
      if (isProved && told.pendingCount > 0) revoke(one);
      return;
    }
    if (isVoid || told.exitCode !== 0 || told.disabled || told.pendingCount > 0 || order.template === null) return;
    const database = order.migration.spec.database.urlFrom?.secretKeyRef.name ?? "";
    const image = order.source.from === "image" ? order.source.image : "";
    const identity = identityOf({ database }, uidOfTemplate(order.template), image);
    one.proved.add(identity);
    one.ever.add(identity);
  }

  return {
    ...{ databases, deploymentOf, identityOf, isKnown, isProvedFor, learn, namesOf, needsOf, revoke, uidOfTemplate },
  };
}
