import type { Api } from "../api/api.ts";
import type { Deployment, Job, Pod, ReplicaSet } from "../kubernetes/objects.ts";
import type { RawMigration } from "./migration.ts";
import type { Store } from "./store.ts";

/** What the operator knows of the cluster: the stores that observe reads, and how far they can be trusted. */
export type Caches = {
  /** `workload`: `NAMESPACE/DEPLOYMENT` that is followed; `database`: `SYSTEMID/OID` (migration.ts). */
  migrations: Store<RawMigration, "workload" | "database">;
  /** Of runs. `owner`: the controller's uid. */
  jobs: Store<Job, "owner">;
  /** Of runs. `job`: `NAMESPACE/JOBNAME`. */
  pods: Store<Pod, "job">;
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
};
