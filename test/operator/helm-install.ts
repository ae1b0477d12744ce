import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { programs } from "../cluster/local/binaries.ts";
import type { Cluster } from "../cluster/provider.ts";
import { run, succeeds } from "../cluster/run.ts";

const charts = fileURLToPath(new URL("../../charts", import.meta.url));

export type Release = AsyncDisposable & {
  name: string;
  namespace: string;
  /** The command as a person would type it. */
  command: string;
};

export type ReleaseOptions = { name: string; namespace: string; set: Record<string, string | boolean | number> };

/**
 * Installs a chart as a user does, by a real helm, and returns when its Deployments are ready. The end of the scope
 * uninstalls it.
 */
export async function installChart(cluster: Cluster, chart: string, options: ReleaseOptions): Promise<Release> {
  const { name, namespace } = options;
  const helm = await anyHelm();
  const env = { KUBECONFIG: cluster.kubeconfig };
  const set = Object.entries(options.set).map(([key, value]) => `--set=${key}=${String(value)}`);
  const words = [`--namespace=${namespace}`, "--create-namespace", ...set, "--wait", "--timeout=3m"];
  await run(helm, ["install", name, join(charts, chart), ...words], { env });
  return {
    ...{ name, namespace, command: ["helm", "install", name, `charts/${chart}`, ...words].join(" ") },
    async [Symbol.asyncDispose]() {
      await run(helm, ["uninstall", name, `--namespace=${namespace}`, "--wait"], { env });
    },
  };
}

/** The machine's own, where there is one; otherwise ours, which is built with Go. */
async function anyHelm(): Promise<string> {
  return (await succeeds("helm", "version")) ? "helm" : join(await programs("helm4"), "helm");
}
