import { join } from "node:path";
import { programs } from "./local/binaries.ts";
import type { Cluster } from "./provider.ts";
import { run, succeeds } from "./run.ts";

/** The one that is built with a local cluster: of the cluster's own version. */
export async function ownKubectl(): Promise<string[]> {
  return [join(await programs("kubernetes"), "kubernetes"), "kubectl"];
}

/** The machine's own, which suits clusters that are not ours; otherwise ours, which has to be built first. */
export async function anyKubectl(): Promise<string[]> {
  return (await succeeds("kubectl", "version", "--client")) ? ["kubectl"] : await ownKubectl();
}

/** What tests do with a cluster by kubectl. */
export function commands(kubectl: string[], kubeconfig: string): Pick<Cluster, "kubectl" | "apply"> {
  const [program = "", ...first] = kubectl;
  const env = { KUBECONFIG: kubeconfig };
  return {
    async kubectl(...args) {
      return await run(program, [...first, ...args], { env });
    },
    async apply(...objects) {
      const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
      await run(program, [...first, "apply", "--server-side", "--filename=-"], { env, input });
    },
  };
}
