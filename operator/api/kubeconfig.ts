// The only import of the client: its index would load the typed API too, 60 MB that nothing here uses.
import { existsSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node/dist/config.js";

/** Where the cluster's configuration comes from. */
export type ConfigFrom = {
  /**
   * A kubeconfig's path, or those that KUBECONFIG lists; null: the pod's service account, or outside of a pod what kubectl
   * would take.
   */
  kubeconfig: string | readonly string[] | null;
  /** Whether this is a pod: the variables of the service are set. */
  inCluster: boolean;
  /** Another context than the current one. */
  context?: string | null;
};

/** Reads the configuration. Throws if there is none, or it has no such context. */
export function loadConfig({ kubeconfig, inCluster, context = null }: ConfigFrom): KubeConfig {
  const config = read(kubeconfig, inCluster);
  if (context === null) return config;
  if (config.getContextObject(context) === null) {
    const known = config.getContexts().map(({ name }) => name);
    throw new Error(
      `The kubeconfig has no context ${JSON.stringify(context)}, but ${known.join(", ") || "none at all"}.`,
    );
  }
  config.setCurrentContext(context);
  return config;
}

function read(kubeconfig: ConfigFrom["kubeconfig"], inCluster: boolean): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig === null) {
    if (inCluster) config.loadFromCluster();
    else config.loadFromDefault();
    return config;
  }
  if (typeof kubeconfig === "string") {
    config.loadFromFile(kubeconfig);
    return config;
  }
  return merged(kubeconfig);
}

/** As kubectl merges them: a file that isn't there is passed over, and of what is named twice the first counts. */
function merged(files: readonly string[]): KubeConfig {
  const there = files.filter((file) => existsSync(file));
  if (there.length === 0) throw new Error(`KUBECONFIG names no file that is there: ${files.join(", ")}`);
  const configs = there.map((file) => {
    const config = new KubeConfig();
    config.loadFromFile(file);
    return config;
  });
  const whole = new KubeConfig();
  whole.loadFromOptions({
    clusters: firsts(configs.flatMap(({ clusters }) => clusters)),
    users: firsts(configs.flatMap(({ users }) => users)),
    contexts: firsts(configs.flatMap(({ contexts }) => contexts)),
    currentContext: configs.map(({ currentContext }) => currentContext).find(Boolean) ?? "",
  });
  return whole;
}

const firsts = <T extends { name: string }>(all: readonly T[]): T[] =>
  all.filter((one, index) => all.findIndex(({ name }) => name === one.name) === index);
