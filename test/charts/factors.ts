/** What can be chosen in a chart: each switch and each list of words in its schema, and what its tests name besides. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chartFolder } from "../operator/helm.ts";
import type { Factor, Row } from "./pairs.ts";

type Schema = {
  type?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  definitions?: Record<string, Schema>;
  $ref?: string;
};

/** Those of the chart's values.schema.json: booleans and enums. */
export async function factorsOf(chart: string): Promise<Factor[]> {
  const root = JSON.parse(await readFile(join(chartFolder(chart), "values.schema.json"), "utf8")) as Schema;
  return leaves("", root, root);
}

function leaves(path: string, schema: Schema, root: Schema): Factor[] {
  const found = resolved(schema, root);
  if (found.enum !== undefined) return [{ path, values: found.enum }];
  if (found.type === "boolean") return [{ path, values: [true, false] }];
  return Object.entries(found.properties ?? {}).flatMap(([name, inner]) =>
    leaves(path === "" ? name : `${path}.${name}`, inner, root),
  );
}

const resolved = (schema: Schema, { definitions = {} }: Schema): Schema =>
  schema.$ref === undefined ? schema : (definitions[schema.$ref.slice("#/definitions/".length)] ?? {});

/** The row as a chart's values. A path that ends with `*` is a choice of whole values, which are laid over the others. */
export function valuesOf(row: Row): Record<string, unknown> {
  const values = {};
  for (const [path, value] of Object.entries(row)) {
    if (path.endsWith("*")) merge(values, value as Record<string, unknown>);
    else merge(values, path.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object);
  }
  return values;
}

function merge(into: Record<string, unknown>, from: object): void {
  for (const [name, value] of Object.entries(from)) {
    const known = into[name];
    if (isObject(known) && isObject(value)) merge(known, value);
    else into[name] = structuredClone(value);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
