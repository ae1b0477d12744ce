/** Builds what the clusters and charts of a suite need, before its first test: minutes that no test's time limit holds. */
import { providers } from "./cluster.ts";
import { programs } from "./local/binaries.ts";

/** A global set-up of vitest. What can't be had here is told by the tests that need it. */
export async function setup(): Promise<void> {
  const usable = await Promise.all(
    providers.map(async (provider) => ((await provider.unavailable("control-plane")) === null ? [provider.name] : [])),
  );
  const [first] = usable.flat();
  if (first === undefined) return;
  if (first === "local") for (const tool of ["kubernetes", "containerd", "coredns"] as const) await programs(tool);
  for (const tool of ["helm4", "helm3"] as const) await programs(tool);
}
