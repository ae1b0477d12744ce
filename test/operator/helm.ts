import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { programs } from "../cluster/local/binaries.ts";
import { run } from "../cluster/run.ts";

export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  [key: string]: unknown;
};

export type Rendering = {
  namespace: string;
  name?: string;
  values?: Record<string, unknown>;
  /** Of the cluster that it is rendered for; otherwise the one that helm was built with. */
  kubeVersion?: string;
};

const charts = fileURLToPath(new URL("../../charts", import.meta.url));

/** Those that the charts are tested with. */
export const HELMS = ["helm3", "helm4"] as const;
export type Helm = (typeof HELMS)[number];

/** Of the repository. */
export const chartFolder = (chart: string): string => join(charts, chart);

/** What a chart of the repository comes to, by a real helm. Throws with what helm says. */
export async function render(chart: string, rendering: Rendering): Promise<Manifest[]> {
  return await renderFolder(chartFolder(chart), { name: chart, ...rendering });
}

/** The same for a chart anywhere, whose dependencies are there. */
export async function renderFolder(folder: string, rendering: Rendering): Promise<Manifest[]> {
  const { namespace, name = "app", values = {}, kubeVersion } = rendering;
  const helm = join(await programs("helm4"), "helm");
  const args = ["template", name, folder, `--namespace=${namespace}`, "--values=-"];
  if (kubeVersion !== undefined) args.push(`--kube-version=${kubeVersion}`);
  const text = await run(helm, args, { input: JSON.stringify(values) });
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => document.toJS() as Manifest | null).filter((object) => object !== null);
}

/** Runs a real helm on a cluster, with `values` as its --values where they are given. Returns what it prints. */
export async function helmWith(
  version: Helm,
  kubeconfig: string,
): Promise<(args: string[], values?: Record<string, unknown>) => Promise<string>> {
  const helm = join(await programs(version), "helm");
  return async (args, values) =>
    await run(helm, [...args, ...(values === undefined ? [] : ["--values=-"])], {
      env: { KUBECONFIG: kubeconfig },
      ...(values !== undefined && { input: JSON.stringify(values) }),
    });
}
