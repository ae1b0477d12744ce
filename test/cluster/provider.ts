/** What every provider of a cluster gives; the tests know no more than this. */

/** `control-plane`: etcd and the API server, no pods. `full`: pods that run, on nodes with a network and DNS. */
export type Size = "control-plane" | "full";

export type ClusterOptions = {
  size: Size;
  /** A cluster of this name that is already up is used as it is. Without a name: one of its own, random. */
  name?: string;
  /** Nodes that run pods, 1 to 4; only of `full`. */
  nodes?: number;
  /** Go on after this process has ended. Otherwise the cluster ends with it, also by a kill -9. */
  keep?: boolean;
};

export type Cluster = AsyncDisposable & {
  provider: string;
  name: string;
  size: Size;
  nodes: number;
  /** The path of a kubeconfig with an administrator's rights. */
  kubeconfig: string;
  /** The address of this machine as the cluster's pods see it: where a database has to listen. */
  hostAddress: string;
  /** False if it was already up. Then leaving the scope (`await using`) leaves it up. */
  created: boolean;
  /** Brings an image to every node: the path of an archive (`*.tar`, as of `docker save`), or a local engine's image. */
  load(image: string): Promise<void>;
  /** Runs kubectl and returns what it prints; throws with what it says on stderr. */
  kubectl(...args: string[]): Promise<string>;
  /** Makes these objects be as given, by a server-side apply. */
  apply(...objects: unknown[]): Promise<void>;
  /** Takes the cluster away with all that belongs to it, whoever started it. */
  down(): Promise<void>;
};

export type Status = { name: string; size: Size; running: boolean; lines: string[] };

export type Provider = {
  name: string;
  /** Why it can't be used here, in one sentence; null if it can. Asks, changes nothing. */
  unavailable(size: Size): Promise<string | null>;
  /** Returns when everything answers. With the name of a running cluster it changes nothing. */
  up(options: ClusterOptions & { name: string }): Promise<Cluster>;
  /** The cluster of that name, if it is up. */
  find(name: string): Promise<Cluster | null>;
  /** Removes what there is of that cluster; nothing to remove is fine. */
  down(name: string): Promise<void>;
  status(): Promise<Status[]>;
};
