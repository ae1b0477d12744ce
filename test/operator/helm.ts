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

export type Rendering = { namespace: string; name?: string; values?: Record<string, unknown> };

const charts = fileURLToPath(new URL("../../charts", import.meta.url));

/** What a chart comes to, by a real helm. Throws with what helm says. */
export async function render(chart: string, { namespace, name = chart, values = {} }: Rendering): Promise<Manifest[]> {
  const helm = join(await programs("helm4"), "helm");
  const args = ["template", name, join(charts, chart), `--namespace=${namespace}`, "--values=-"];
  const text = await run(helm, args, { input: JSON.stringify(values) });
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => document.toJS() as Manifest | null).filter((object) => object !== null);
}
