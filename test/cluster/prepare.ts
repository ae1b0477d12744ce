/** Builds what the clusters and charts of a suite need, before its first test: minutes that no test's time limit holds. */
import { providers } from "./cluster.ts";
import { programs } from "./local/binaries.ts";

// `kubernetes` holds kubectl, and charts are tried on every cluster.
const NAMED = ["kubernetes", "helm4", "helm3", "actionlint", "compose", "charts", "kubescore"] as const;
const KIND = ["kind", ...NAMED] as const;
const LOCAL = ["containerd", "coredns", ...NAMED] as const;

/** A global set-up of vitest. What can't be had here is told by the tests that need it. */
export async function setup(): Promise<void> {
  const usable = await Promise.all(
    providers.map(async (provider) => ((await provider.unavailable("control-plane")) === null ? [provider.name] : [])),
  );
  const [first] = usable.flat();
  if (first === undefined) return;
  for (const tool of first === "local" ? LOCAL : first === "kind" ? KIND : NAMED) await programs(tool);
}
