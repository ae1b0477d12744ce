// The only import of the client: its index would load the typed API too, 60 MB that nothing here uses.
import { existsSync, readFileSync } from "node:fs";
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
  if (context !== null) choose(config, context);
  tellPlugin(config);
  return config;
}

function choose(config: KubeConfig, context: string): void {
  if (config.getContextObject(context) === null) {
    const known = config.getContexts().map(({ name }) => name);
    throw new Error(
      `The kubeconfig has no context ${JSON.stringify(context)}, but ${known.join(", ") || "none at all"}.`,
    );
  }
  config.setCurrentContext(context);
}

type Exec = {
  apiVersion?: string;
  command?: string;
  interactiveMode?: string;
  provideClusterInfo?: boolean;
  env?: { name: string; value: string }[] | null;
};

/**
 * What the client leaves out of the contract with programs that authenticate: that nobody can answer them here, and, where
 * they ask for it, which cluster it is for. Throws for one that can't do without a person.
 */
function tellPlugin(config: KubeConfig): void {
  const user = config.getCurrentUser();
  const exec = user?.exec as Exec | null | undefined;
  if (user === null || exec == null) return;
  if (exec.interactiveMode === "Always") {
    const program = `${JSON.stringify(exec.command)} wants a terminal (interactiveMode: Always)`;
    throw new Error(
      `The user ${JSON.stringify(user.name)} authenticates by ${program}: use a context that does without.`,
    );
  }
  const spec = { interactive: false, ...(exec.provideClusterInfo === true ? { cluster: clusterInfo(config) } : {}) };
  const apiVersion = exec.apiVersion ?? "client.authentication.k8s.io/v1";
  const value = JSON.stringify({ apiVersion, kind: "ExecCredential", spec });
  Object.assign(user, { exec: { ...exec, env: [...(exec.env ?? []), { name: "KUBERNETES_EXEC_INFO", value }] } });
}

function clusterInfo(config: KubeConfig): Record<string, unknown> {
  const { server, tlsServerName, skipTLSVerify, caData, caFile, proxyUrl } = config.getCurrentCluster() ?? {};
  const data = caData ?? (caFile === undefined ? undefined : readFileSync(caFile).toString("base64"));
  return {
    server,
    "tls-server-name": tlsServerName,
    "insecure-skip-tls-verify": skipTLSVerify,
    "certificate-authority-data": data,
    "proxy-url": proxyUrl,
  };
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
