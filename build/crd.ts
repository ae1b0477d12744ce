/** Writes the CustomResourceDefinition from contract/resource/: as a manifest of its own, and as the chart's template. */
import { mkdir, writeFile } from "node:fs/promises";
import { stringify } from "yaml";
import { definition } from "./crd/definition.ts";

const note = "Generated from contract/resource/ by `npm run generate`.";
const file = `${definition.spec.group}_${definition.spec.names.plural}.yaml`;

/** Uninstalling the chart leaves the CRD: with it all resources would go. */
const kept = {
  ...definition,
  metadata: { ...definition.metadata, annotations: { "helm.sh/resource-policy": "keep" } },
};

// Fields that look alike stay written out: nobody should have to look up an anchor.
const yaml = (object: unknown): string => stringify(object, { aliasDuplicateObjects: false, lineWidth: 120 });

function template(): string {
  const text = yaml(kept);
  if (text.includes("{{")) throw new Error("Helm would take a part of the CRD for a template.");
  return `{{- /* ${note} */ -}}\n{{- if .Values.crds.enabled }}\n${text}{{- end }}\n`;
}

async function write(path: string, content: string): Promise<void> {
  const target = new URL(`../${path}`, import.meta.url);
  await mkdir(new URL(".", target), { recursive: true });
  await writeFile(target, content);
}

await write(`crds/${file}`, `# ${note}\n${yaml(definition)}`);
await write("charts/lockkeeper/templates/crd.yaml", template());
