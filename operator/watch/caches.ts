import { LABEL, MANAGED_BY } from "../../contract/resource/names.ts";
import type { Api, ApiError, Query } from "../api/api.ts";
import { JOBS, MIGRATIONS, PODS } from "../api/kinds.ts";
import type { Resource } from "../api/path.ts";
import { controllerOf } from "../kubernetes/objects.ts";
import type { Deployment, GatedPod, Job, KubernetesObject, Pod, ReplicaSet } from "../kubernetes/objects.ts";
import { ofDeployment, ofGatedPod, ofJob, ofMigration, ofPod, ofReplicaSet } from "./enqueue.ts";
import { isGated, resourcesOf } from "./gated.ts";
import { databaseOf, workloadOf } from "./migration.ts";
import type { RawMigration } from "./migration.ts";
import { startReflector } from "./reflector.ts";
import type { Reflector, Restart } from "./reflector.ts";
import { createStore } from "./store.ts";
import type { Change, Feed, Store } from "./store.ts";
import { trimDeployment, trimGatedPod, trimJob, trimMigration, trimPod, trimReplicaSet } from "./trim.ts";

/** What the operator knows of the cluster: the stores that observe reads, and how far they can be trusted. */
export type Caches = {
  /** `workload`: `NAMESPACE/DEPLOYMENT` that is followed; `database`: `SYSTEMID/OID` (migration.ts). */
  migrations: Store<RawMigration, "workload" | "database">;
  /** Of runs. `owner`: the controller's uid. */
  jobs: Store<Job, "owner">;
  /** Of runs. `job`: `NAMESPACE/JOBNAME`. */
  pods: Store<Pod, "job">;
  /** That wait at our gate. `resource`: `NAMESPACE/NAME` of each resource that they name. */
  gated: Store<GatedPod, "resource">;
  deployments: Store<Deployment>;
  /** `owner`: the controller's uid. */
  replicaSets: Store<ReplicaSet, "owner">;
  /**
   * Resolves when every kind was listed once. Rejects with an ApiError of 403 or 404 that says which right or CRD is
   * missing; every other failure is tried again.
   */
  synced: Promise<void>;
  isSynced(): boolean;
  /** When the stalest of the watches last heard of the server, in the given clock; -Infinity before all are synced. */
  freshAt(): number;
  /** How many watches had to be begun again for another reason than that their time was over. */
  restarts(): number;
  /** Lists everything again, consistently. Resolves when what the server had at the call is in the stores. */
  relist(): Promise<void>;
};

export type CachesOptions = {
  api: Api;
  /** Null: all, by cluster-wide watches. */
  namespaces: readonly string[] | null;
  /** Called with the `NAMESPACE/NAME` of a DatabaseMigration that something has changed for. */
  onChange: (key: string) => void;
  /** Ends all watches. */
  signal: AbortSignal;
  /** Monotonic, in milliseconds. */
  now: () => number;
  /** Called at each failure of a list or watch of a kind; null: it broke without an answer. Must not throw. */
  onRestart?: (kind: string, why: Restart, error: ApiError | null) => void;
};

const DEPLOYMENTS: Resource = { api: "/apis/apps/v1", plural: "deployments" };
const REPLICA_SETS: Resource = { api: "/apis/apps/v1", plural: "replicasets" };

/** Set by the Job controller on each of its pods. */
export const JOB_NAME = "batch.kubernetes.io/job-name";
const OURS: Query = { labelSelector: `${LABEL.managedBy}=${MANAGED_BY}` };

/** Gates and annotations can't be selected: but all gated pods are among those without a node. */
const UNSCHEDULED: Query = { fieldSelector: "spec.nodeName=" };

/** Begins to watch: one reflector for each kind and namespace. */
export function startCaches({ api, namespaces, onChange, signal, now, onRestart }: CachesOptions): Caches {
  const enqueue =
    <T>(keysOf: (change: Change<T>) => string[]) =>
    (change: Change<T>): void => {
      for (const key of keysOf(change)) onChange(key);
    };
  const migrations: Caches["migrations"] & Feed<RawMigration> = createStore({
    indexes: { workload: workloadOf, database: databaseOf },
    trim: trimMigration,
    onChange: enqueue((change) => ofMigration(change, migrations)),
  });
  const jobs = createStore<Job, "owner">({ indexes: { owner }, trim: trimJob, onChange: enqueue(ofJob) });
  const pods = createStore<Pod, "job">({ indexes: { job: jobOf }, trim: trimPod, onChange: enqueue(ofPod) });
  const gated = createStore<GatedPod, "resource">({
    indexes: { resource: resourcesOf },
    keep: isGated,
    trim: trimGatedPod,
    onChange: enqueue(ofGatedPod),
  });
  const deployments = createStore<Deployment, never>({
    indexes: {},
    trim: trimDeployment,
    onChange: enqueue((change) => ofDeployment(change, migrations)),
  });
  const replicaSets = createStore<ReplicaSet, "owner">({
    indexes: { owner },
    trim: trimReplicaSet,
    onChange: enqueue((change) => ofReplicaSet(change, migrations)),
  });

  const reflect = <T extends KubernetesObject>(resource: Resource, feed: Feed<T>, query: Query = {}): Reflector[] =>
    (namespaces ?? [null]).map((namespace) =>
      startReflector({
        ...{ api, resource, namespace, query, feed, signal, now },
        onRestart: (why, error) => onRestart?.(resource.plural, why, error),
      }),
    );
  const reflectors = [
    ...reflect(MIGRATIONS, migrations),
    ...reflect(JOBS, jobs, OURS),
    ...reflect(PODS, pods, OURS),
    ...reflect(PODS, gated, UNSCHEDULED),
    ...reflect(DEPLOYMENTS, deployments),
    ...reflect(REPLICA_SETS, replicaSets),
  ];
  const synced = all(reflectors, async (reflector) => await reflector.synced);
  synced.catch(() => {}); // whoever waits for it is told
  return {
    ...{ migrations, jobs, pods, gated, deployments, replicaSets, synced },
    isSynced: () => reflectors.every((reflector) => reflector.isSynced()),
    freshAt: () => Math.min(...reflectors.map((reflector) => reflector.freshAt())),
    restarts: () => reflectors.reduce((sum, reflector) => sum + reflector.restarts(), 0),
    relist: async () => await all(reflectors, async (reflector) => await reflector.relist()),
  };
}

const owner = (object: KubernetesObject): string | null => controllerOf(object)?.uid ?? null;

function jobOf({ metadata }: Pod): string | null {
  const name = metadata.labels?.[JOB_NAME];
  return name === undefined ? null : `${metadata.namespace}/${name}`;
}

async function all(reflectors: Reflector[], wait: (reflector: Reflector) => Promise<void>): Promise<void> {
  await Promise.all(reflectors.map(wait));
}
