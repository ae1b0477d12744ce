/** A way from this machine to a port inside a cluster, by kubectl: with every provider, as people take it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { inherited } from "./environment.ts";
import { anyKubectl } from "./kubectl.ts";
import type { Cluster } from "./provider.ts";

export type Forward = AsyncDisposable & { origin: string };

/** Like `service/web`, of that namespace, and its port. */
export type Forwarded = { namespace: string; target: string; port: number };

/** Opens it on a free port of loopback, until the scope's end. It leads to one pod, and ends with that. */
export async function forward(cluster: Pick<Cluster, "kubeconfig">, to: Forwarded): Promise<Forward> {
  const [program = "", ...first] = await anyKubectl();
  const args = [...first, `--namespace=${to.namespace}`, "port-forward", to.target, `:${to.port}`];
  const child = spawn(program, args, {
    env: { ...inherited, KUBECONFIG: cluster.kubeconfig },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const complaints = text(child.stderr);
  const found = Promise.withResolvers<string | null>();
  // Read to its end: kubectl tells of every connection.
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    const [, address] = /^Forwarding from (127\.0\.0\.1:\d+)/.exec(line) ?? [];
    if (address !== undefined) found.resolve(`http://${address}`);
  });
  ended.then(
    () => found.resolve(null),
    (error: Error) => found.reject(error),
  );
  const origin = await found.promise;
  if (origin === null) throw new Error(`There is no way to ${to.target}: ${(await complaints).trimEnd()}`);
  return {
    origin,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}
