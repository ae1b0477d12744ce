/** The values that the charts are tried with: each pair of what can be chosen, and what else makes them render something else. */
import { factorsOf, valuesOf } from "./factors.ts";
import { pairwise } from "./pairs.ts";
import type { Factor, Row } from "./pairs.ts";

type Json = Record<string, unknown>;
type Choices = { base: Json; factors: Factor[]; conflicts: Row[] };

/** The example app's chart, whose dependency database-migration is. */
export const EXAMPLE = "workoutlog";

const pods: Json = {
  imagePullSecrets: [{ name: "registry" }],
  nodeSelector: { "kubernetes.io/arch": "amd64" },
  tolerations: [{ key: "db", operator: "Equal", value: "yes", effect: "NoSchedule" }],
  priorityClassName: "system-cluster-critical",
};
const digest = `sha256:${"0".repeat(64)}`;
const image = { source: { image: "ghcr.io/acme/web:1.4.2" } };
const configMap = { source: { configMap: "web-sql" } };

const CHOICES: Record<string, (chart: string) => Promise<Choices>> = {
  lockkeeper: async (chart) => ({
    // The check asks the ops endpoint, with its token.
    base: { ops: { tokenSecret: { name: "ops-token" } } },
    factors: [
      ...(await factorsOf(chart)),
      { path: "watch*", values: [{}, { watch: { namespaces: ["shop", "depot"] } }] },
      { path: "pods*", values: [{}, { ...pods, affinity: {}, podLabels: { a: "b" }, podAnnotations: { c: "d" } }] },
      { path: "addresses*", values: [{}, { networkPolicy: { apiServer: { addresses: ["10.0.0.1/32"] } } }] },
      { path: "image*", values: [{}, { image: { digest }, runnerImage: "registry.example.com/runner:1" }] },
      { path: "test*", values: [{}, { test: { databaseUrlSecret: { name: "test-db" } } }] },
    ],
    conflicts: [
      { "check.enabled": true, "ops.enabled": false },
      { "metrics.serviceMonitor.enabled": true, "ops.enabled": false },
    ],
  }),
  "database-migration": async (chart) => ({
    base: { database: { urlSecret: { name: "web-db" } }, workload: { name: "web" } },
    factors: [
      ...(await factorsOf(chart)),
      { path: "source*", values: [image, configMap] },
      {
        path: "ca*",
        values: [{}, ...["configMap", "secret"].map((kind) => ({ database: { ca: { [kind]: "db-ca" } } }))],
      },
      { path: "pods*", values: [{}, { ...pods, labels: { team: "shop" }, annotations: { "example.com/a": "b" } }] },
      { path: "image*", values: [{}, { image: { digest } }] },
      { path: "account*", values: [{}, { serviceAccount: { name: "migrator" } }] },
      { path: "container*", values: [{}, { workload: { container: "web" } }] },
    ],
    conflicts: [
      { mode: "gate", "source*": configMap },
      { "source.format": "Module", "source*": configMap },
    ],
  }),
  [EXAMPLE]: async () => ({
    base: {},
    factors: [
      { path: "database-migration.mode", values: ["job", "operator", "gate"] },
      { path: "database-migration.migrate.enabled", values: [true, false] },
      { path: "database-migration.hook.for", values: ["Helm", "ArgoCD"] },
    ],
    conflicts: [],
  }),
};

/** The charts that are tried. */
export const CHARTS = Object.keys(CHOICES);

/** Values of the chart in which each pair of choices stands. Throws for a chart that isn't among CHARTS. */
export async function combinations(chart: string): Promise<Json[]> {
  const choices = CHOICES[chart];
  if (choices === undefined) throw new Error(`No combinations are known for the chart ${chart}`);
  const { base, factors, conflicts } = await choices(chart);
  return pairwise(factors, conflicts).map((row) => valuesOf({ "base*": base, ...row }));
}
