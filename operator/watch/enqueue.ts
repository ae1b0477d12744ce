/**
 * Whom a change concerns: the keys of the DatabaseMigrations that have to be looked at. Every function takes a store's
 * change when the stores have it already. An owner or label in another namespace can't be meant: keys stay in the object's.
 */
import { GROUP, KIND, LABEL } from "../../contract/resource/names.ts";
import { controllerOf, keyOf } from "../kubernetes/objects.ts";
import type { GatedPod, Job, KubernetesObject } from "../kubernetes/objects.ts";
import { resourcesOf } from "./gated.ts";
import { databaseOf } from "./migration.ts";
import type { RawMigration } from "./migration.ts";
import type { Change, Store } from "./store.ts";

type Migrations = Pick<Store<RawMigration, "workload" | "database">, "by">;

/** Itself if it is news, and when its database has changed those that share the old or the new one. */
export function ofMigration(change: Change<RawMigration>, migrations: Migrations): string[] {
  const { before, after } = change;
  const itself = both(change).map(keyOf);
  const [from, to] = [before && databaseOf(before), after && databaseOf(after)];
  const databases = from === to ? [] : [from, to].filter((database) => database !== null);
  const sharers = databases.flatMap((database) => migrations.by("database", database).map(keyOf));
  return unique([...(isNews(change) ? itself : []), ...sharers.filter((key) => !itself.includes(key))]);
}

/** The DatabaseMigration that controls the Job. */
export function ofJob(change: Change<Job>): string[] {
  if (isOwnCreation(change)) return [];
  const owners = both(change).flatMap((job) => {
    const owner = controllerOf(job);
    const isOurs = owner?.kind === KIND && owner.apiVersion.startsWith(`${GROUP}/`);
    return isOurs ? `${job.metadata.namespace}/${owner.name}` : [];
  });
  return unique(owners);
}

/** The DatabaseMigration that the pod of a run names in its label. */
export function ofPod(change: Change<KubernetesObject>): string[] {
  const names = both(change).flatMap(({ metadata }) => {
    const name = metadata.labels?.[LABEL.instance];
    return name === undefined || name === "" ? [] : `${metadata.namespace}/${name}`;
  });
  return unique(names);
}

/** The DatabaseMigrations that the pod's annotation names. */
export const ofGatedPod = (change: Change<GatedPod>): string[] => unique(both(change).flatMap(resourcesOf));

/** The DatabaseMigrations that follow the Deployment. */
export function ofDeployment(change: Change<KubernetesObject>, migrations: Migrations): string[] {
  return unique(both(change).flatMap((deployment) => migrations.by("workload", keyOf(deployment)).map(keyOf)));
}

/** The DatabaseMigrations that follow the Deployment that controls the ReplicaSet. */
export function ofReplicaSet(change: Change<KubernetesObject>, migrations: Migrations): string[] {
  const followers = both(change).flatMap((replicaSet) => {
    const owner = controllerOf(replicaSet);
    if (owner?.kind !== "Deployment") return [];
    return migrations.by("workload", `${replicaSet.metadata.namespace}/${owner.name}`).map(keyOf);
  });
  return unique(followers);
}

/**
 * Who wrote a status knows it. But the answer may also carry what somebody else wrote in between, whose own event is then
 * dropped as old: that is news.
 */
function isNews({ before, after, own }: Change<RawMigration>): boolean {
  return !own || before === null || after === null || asked(before) !== asked(after);
}

/** All of a resource that isn't status. */
function asked({ metadata }: RawMigration): string {
  const { uid, generation, deletionTimestamp, labels, annotations } = metadata;
  return JSON.stringify([uid, generation, deletionTimestamp, labels, annotations]);
}

/** Who has just created a Job knows it, as long as nobody has worked on it. */
function isOwnCreation({ before, after, own }: Change<Job>): boolean {
  return own && before === null && after !== null && Object.keys(after.status ?? {}).length === 0;
}

const both = <T>({ before, after }: Change<T>): T[] => [before, after].filter((object) => object !== null);

const unique = (keys: string[]): string[] => [...new Set(keys)];
