import type { Cluster } from "../cluster/provider.ts";
import { ROOT } from "./lockkeeper.ts";
import { indent, shell } from "./narrate.ts";

/** The namespace of everything that is shown. */
export const SHOP = "shop";

/** Prints the command as a person types it, runs it on the cluster, and prints what it says. */
export async function type(cluster: Cluster, ...args: string[]): Promise<string> {
  shell(["kubectl", ...args].map((word) => quoted(word.replace(ROOT, ""))).join(" "));
  const output = await cluster.kubectl(...args);
  indent(output);
  return output;
}

/** An object as the API server has it. */
export async function get<T>(cluster: Cluster, kind: string, name: string): Promise<T> {
  return JSON.parse(await cluster.kubectl("-n", SHOP, "get", kind, name, "--output=json")) as T;
}

const quoted = (word: string): string => (/^[-\w=:./@,%+]+$/.test(word) ? word : `'${word}'`);
