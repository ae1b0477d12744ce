import type { Stage } from "./stage.ts";

/** A Deployment without pods, whose ReplicaSets come and go all the same: what the operator follows is its template. */
export function workload(name: string, image: string, more: Record<string, unknown> = {}) {
  const labels = { app: name };
  const spec = { containers: [{ name: "web", image }], ...more };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

/** The tables that an app's migrations made. */
export async function tables({ query }: Stage["db"]): Promise<string[]> {
  const rows = await query<{ name: string }>(
    "select tablename as name from pg_tables where schemaname = 'public' order by tablename collate \"C\"",
  );
  return rows.map(({ name }) => name);
}

/** What release 2 of the example has more than release 1. */
export const releaseTwo = ["0011_steady_juggernaut", "0012_keen_valkyrie"];
