/** The charts, the example's too, by the linters that people run on charts, and by an API server in every pair of values. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterUp } from "../cluster/cluster.ts";
import type { Cluster } from "../cluster/provider.ts";
import { programs } from "../cluster/local/binaries.ts";
import { run } from "../cluster/run.ts";
import { temporaryFolder } from "../images/folder.ts";
import { askWith } from "../operator/ask.ts";
import type { Ask } from "../operator/ask.ts";
import { chartFolder, renderFolder } from "../operator/helm.ts";
import type { Manifest } from "../operator/helm.ts";
import { applyCrd } from "../operator/install.ts";
import { until } from "../operator/until.ts";
import { CHARTS, combinations, EXAMPLE } from "./combinations.ts";
import { exampleChart } from "./example-chart.ts";
import { EXCEPTIONS, scoreOf } from "./score.ts";
import { refusals } from "./places.ts";
import { locationOf, writeSchemas } from "./schemas.ts";
import { documents, told } from "./told.ts";

/** Kinds of CRDs, which come into the OpenAPI a moment after they were made. */
const WANTED = ["DatabaseMigration", "ServiceMonitor", "PrometheusRule"];
const examples = fileURLToPath(new URL("../../examples", import.meta.url));
const stack = new AsyncDisposableStack();
let cluster: Cluster;
let ask: Ask;
let schemas: string;
let example: string;

beforeAll(async () => {
  cluster = stack.use(await clusterUp({ size: "control-plane" }));
  ask = await askWith(cluster.kubeconfig);
  await applyCrd(cluster);
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  for (const name of ["shop", "depot", "shop-staging"]) {
    await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  }
  for (const kind of ["ServiceMonitor", "PrometheusRule"]) await cluster.apply(monitoring(kind));
  schemas = stack.use(await temporaryFolder("schemas")).path;
  await until("the API server's OpenAPI has the CRD's kinds", async () => await writeSchemas(ask, schemas, WANTED));
  example = stack.use(await exampleChart()).folder;
});
afterAll(async () => await stack.disposeAsync());

/** A kind of the Prometheus operator's, as far as a chart that names it needs: any field. */
function monitoring(kind: string) {
  const plural = `${kind.toLowerCase()}s`;
  const openAPIV3Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.monitoring.coreos.com` },
    spec: {
      ...{ group: "monitoring.coreos.com", scope: "Namespaced", names: { kind, plural } },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}

const folderOf = (chart: string): string => (chart === EXAMPLE ? example : chartFolder(chart));

/** A few at once: each is a process. */
async function renderAll(chart: string, all: Record<string, unknown>[]): Promise<Manifest[][]> {
  const results: Manifest[][] = [];
  const queue = [...all.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, values] = next;
      results[index] = await renderFolder(folderOf(chart), { namespace: "shop", name: "web", values }).catch(
        (cause: unknown) => {
          throw new Error(`with the values ${JSON.stringify(values)}`, { cause });
        },
      );
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return results;
}

type Validated = {
  resources: { kind: string; name: string; msg: string; validationErrors?: { path: string; msg: string }[] }[];
  summary: { valid: number; invalid: number; errors: number; skipped: number };
};

/** What kubeconform finds wrong by the schemas of the API server's own OpenAPI; and how many objects it looked at. */
async function conform(objects: Manifest[]): Promise<{ wrong: string[]; count: number }> {
  const program = join(await programs("charts"), "kubeconform");
  const words = ["-strict", "-summary", "-output=json", `-schema-location=${locationOf(schemas)}`, "-"];
  const answer = JSON.parse(await told(program, words, documents(objects))) as Validated;
  const { valid, invalid, errors, skipped } = answer.summary;
  const wrong = answer.resources.map(({ kind, name, msg }) => `${kind} ${name}: ${msg}`);
  return { wrong, count: valid + invalid + errors + skipped };
}

describe.each(CHARTS)("the chart %s", (chart) => {
  it("renders what an API server takes and kubeconform finds valid, with each pair of its values", async () => {
    const all = await combinations(chart);
    const rendered = await renderAll(chart, all);
    const answers = await Promise.all(
      rendered.map(async (objects, index) =>
        (await refusals(ask, objects, "shop")).map((refusal) => `${refusal}\n${JSON.stringify(all[index])}`),
      ),
    );
    expect(answers.flat()).toEqual([]);

    const objects = rendered.flat();
    expect(await conform(objects)).toEqual({ wrong: [], count: objects.length });
  });

  it("is clean for kube-score, but for what EXCEPTIONS says", async () => {
    const modes = chart === "lockkeeper" ? [{}] : chart === EXAMPLE ? MODES.map(ofExample) : MODES.map(ofDependency);
    for (const objects of await renderAll(chart, modes)) {
      expect(await scoreOf(objects, EXCEPTIONS[chart] ?? {})).toEqual([]);
    }
  });

  it("needs each of its exceptions", async () => {
    const mode = chart === "lockkeeper" ? {} : chart === EXAMPLE ? ofExample("job") : ofDependency("job");
    const found = (await scoreOf((await renderAll(chart, [mode])).flat(), {})).join("\n");
    for (const id of Object.keys(EXCEPTIONS[chart] ?? {})) expect(found).toContain(`: ${id}:`);
  });

  it("passes its own tests by helm-unittest", async () => {
    const unittest = join(await programs("charts"), "helm-unittest");
    const printed = await run(unittest, ["--strict", "--file=tests/*_test.yaml", folderOf(chart)]);
    expect(printed).toMatch(/Test Suites: +\d+ passed, \d+ total/);
  });
});

const MODES = ["job", "operator", "gate"] as const;
const ofExample = (mode: string) => ({ "database-migration": { mode } });
const ofDependency = (mode: string) => ({
  ...{ mode, source: { image: "ghcr.io/acme/web:1.4.2" }, workload: { name: "web" } },
  database: { urlSecret: { name: "web-db" } },
});

describe("an app on two databases", () => {
  it("waits for both, and for as long as the slower one may take", async () => {
    await using twice = await exampleChart(["shop-db", "billing-db"]);
    const database = (name: string, more: object) => ({
      ...{ mode: "gate", source: { image: "{{ .Values.global.image }}" }, workload: { name: "web" } },
      ...{ database: { urlSecret: { name } }, ...more },
    });
    const values = {
      ...{ global: { image: "ghcr.io/acme/web:1.4.2" }, replicas: 2, resources: {} },
      database: { secret: "shop", key: "DATABASE_URL" },
      "shop-db": database("shop", {}),
      "billing-db": database("billing", { timeoutSeconds: 900 }),
    };
    const rendered = await renderFolder(twice.folder, { namespace: "shop", name: "web", values });
    const names = rendered.filter(({ kind }) => kind === "DatabaseMigration").map(({ metadata }) => metadata.name);
    expect(names.toSorted()).toEqual(["web-billing-db", "web-shop-db"]);
    const deployment = rendered.find(({ kind }) => kind === "Deployment");
    expect(deployment?.["spec"]).toMatchObject({
      progressDeadlineSeconds: 1_500,
      template: {
        metadata: { annotations: { "lockkeeper.dev/migration": "web-billing-db,web-shop-db" } },
        spec: { schedulingGates: [{ name: "lockkeeper.dev/migration" }] },
      },
    });
  });
});

describe("a schema of an API server", () => {
  it("refuses a field that it doesn't know, and a kind that it doesn't have", async () => {
    const metadata = { name: "web" };
    const { wrong, count } = await conform([
      { apiVersion: "v1", kind: "ConfigMap", metadata, date: {} },
      { apiVersion: "example.com/v1", kind: "Window", metadata },
      { apiVersion: "v1", kind: "ConfigMap", metadata, data: {} },
    ]);
    expect(wrong.toSorted()).toEqual([
      expect.stringMatching(/^ConfigMap web: .*'date'/s),
      expect.stringMatching(/^Window web: could not find schema/),
    ]);
    expect(count).toBe(3);
  });
});

describe("the examples", () => {
  it.each([["manifests"], ["kustomize/overlays/production"], ["kustomize/overlays/staging"]])(
    "%s are taken by an API server, field by field",
    async (folder) => {
      const how = folder.startsWith("kustomize") ? "--kustomize" : "--filename";
      const printed = await cluster.kubectl(
        ...["apply", "--dry-run=server", "--validate=strict", how, join(examples, folder)],
      );
      expect(printed).toMatch(/databasemigration\S+ created/);
    },
  );

  it("a prefix of kustomize reaches every reference", async () => {
    const text = await cluster.kubectl("kustomize", join(examples, "kustomize/overlays/staging"));
    expect(text).toMatch(/workload:\n +kind: Deployment\n +name: staging-web\n/);
    expect(text).toMatch(/lockkeeper.dev\/migration: staging-web\n/);
    const [secrets] = [text.match(/staging-web-db-[a-z0-9]{10}/g)];
    // The Secret, the Deployment, the DatabaseMigration.
    expect(secrets).toHaveLength(3);
    expect(new Set(secrets)).toHaveLength(1);
  });
});
