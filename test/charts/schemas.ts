/** JSON schemas for kubeconform, of everything that an API server knows: made from its own OpenAPI, so nothing is downloaded. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Ask } from "../operator/ask.ts";

type Schema = {
  $ref?: string;
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  [key: string]: unknown;
};
type Definitions = Record<string, Schema>;

const KINDS = "x-kubernetes-group-version-kind";
const PREFIX = "#/definitions/";
const QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";

/** The template that kubeconform finds them by in that folder. */
export const locationOf = (folder: string): string => join(folder, "{{ .ResourceKind }}{{ .KindSuffix }}.json");

/** Writes a schema for each kind, in which unknown fields are errors. Writes nothing and says false while a wanted kind lacks. */
export async function writeSchemas(ask: Ask, folder: string, wanted: readonly string[]): Promise<boolean> {
  const { body } = await ask("GET", "/openapi/v2");
  const kinds = new Set(
    Object.values(body["definitions"] as Definitions).flatMap((schema) =>
      (schema[KINDS] ?? []).map(({ kind }) => kind),
    ),
  );
  if (wanted.some((kind) => !kinds.has(kind))) return false;
  const definitions = Object.fromEntries(
    Object.entries(body["definitions"] as Definitions).map(([name, schema]) => [name, strict(schema, name)]),
  );
  await mkdir(folder, { recursive: true });
  for (const [name, schema] of Object.entries(definitions)) {
    for (const { group, version, kind } of schema[KINDS] ?? []) {
      const groups = group === "" ? [] : [group.split(".")[0]];
      const file = [kind, ...groups, version].join("-").toLowerCase();
      const whole = { $ref: PREFIX + name, definitions: reachable(name, definitions) };
      await writeFile(join(folder, `${file}.json`), JSON.stringify(whole));
    }
  }
  return true;
}

/** As the API server takes it: no field that it doesn't know, numbers as quantities, and null for what isn't given. */
function strict(schema: Schema, name = ""): Schema {
  if (name === QUANTITY) return { type: ["string", "number"] as unknown as string };
  if (schema.format === "int-or-string") return { type: ["string", "integer"] as unknown as string };
  const { properties, items, additionalProperties, ...rest } = schema;
  const isOpen = rest["x-kubernetes-preserve-unknown-fields"] === true;
  return {
    ...rest,
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, strict(value)])),
      ...(!isOpen && additionalProperties === undefined && { additionalProperties: false }),
    }),
    ...(items !== undefined && { items: strict(items) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === "object" ? strict(additionalProperties) : additionalProperties,
    }),
  };
}

/** Those that a definition needs, itself among them. */
function reachable(name: string, all: Definitions, found: Definitions = {}): Definitions {
  const schema = all[name];
  if (schema === undefined || Object.hasOwn(found, name)) return found;
  found[name] = schema;
  const text = JSON.stringify(schema);
  for (const [, other = ""] of text.matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)) reachable(other, all, found);
  return found;
}
