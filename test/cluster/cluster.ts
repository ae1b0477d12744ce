/**
 * A real Kubernetes cluster for a test:
 *
 *     await using cluster = await clusterUp({ size: "full" });
 *
 * It comes from the first provider that can give it here. `npm run cluster` is the same as a command.
 */
import { randomBytes } from "node:crypto";
import { kind } from "./kind.ts";
import { local } from "./local/local.ts";
import { named } from "./named.ts";
import type { Cluster, ClusterOptions, Provider } from "./provider.ts";

/** In the order in which they are asked. */
export const providers: Provider[] = [named, kind, local];

/** A cluster that is up: everything answers, and with `full` the nodes are ready. Throws if none can be had here. */
export async function clusterUp(options: ClusterOptions & { provider?: string }): Promise<Cluster> {
  const { provider: wanted, name = `test-${randomBytes(3).toString("hex")}`, ...rest } = options;
  if (!/^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$/.test(name)) {
    throw new Error(`A cluster's name has at most 30 lower-case letters, digits and hyphens: not ${name}.`);
  }
  const reasons: string[] = [];
  for (const provider of providers) {
    if (wanted !== undefined && provider.name !== wanted) continue;
    const reason = await provider.unavailable(options.size);
    if (reason === null) return await provider.up({ ...rest, name });
    reasons.push(`${provider.name}: ${reason}`);
  }
  throw new Error(`No cluster of the size ${options.size} can be had here.\n${reasons.join("\n")}`);
}

/** The cluster of that name that is up already, or null. */
export async function clusterFind(name: string): Promise<Cluster | null> {
  for (const provider of providers) {
    const cluster = await provider.find(name);
    if (cluster !== null) return cluster;
  }
  return null;
}
