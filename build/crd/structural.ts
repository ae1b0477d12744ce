/** What a structural schema, as a CRD wants it, has otherwise than the JSON schema that zod makes. Pure. */

export type Schema = { [key: string]: unknown } & {
  type?: string;
  description?: string;
  pattern?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  anyOf?: Schema[];
};

export function structural(schema: Schema): Schema {
  const { type, description, properties, items, additionalProperties, anyOf, ...others } = plain(schema);
  // What a reader looks for comes first.
  const rest: Schema = {
    ...(type !== undefined && { type }),
    ...(description !== undefined && { description }),
    ...others,
  };
  if (anyOf !== undefined) return intOrString(rest, anyOf);
  const result: Schema = rest;
  if (properties !== undefined) {
    result.properties = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, structural(property)]),
    );
  }
  if (additionalProperties !== undefined) result.additionalProperties = structural(additionalProperties);
  if (items !== undefined) {
    result.items = structural(items);
    // Whoever applies a list applies all of it, where the schema doesn't say otherwise.
    result["x-kubernetes-list-type"] ??= "atomic";
  }
  return result;
}

function plain(schema: Schema): Schema {
  // JavaScript's source of a pattern escapes the slash.
  return schema.pattern === undefined ? schema : { ...schema, pattern: schema.pattern.replaceAll("\\/", "/") };
}

/** The one union that a structural schema can have. The bounds of both go beside it: each ignores the other's. */
function intOrString(rest: Schema, anyOf: Schema[]): Schema {
  const types = anyOf.map(({ type }) => type);
  if (rest["x-kubernetes-int-or-string"] !== true || types.join() !== "integer,string") {
    throw new Error(`A union can't be put into a CRD: ${JSON.stringify({ ...rest, anyOf }).slice(0, 200)}`);
  }
  const bounds = Object.assign({}, ...anyOf.map(plain)) as Schema;
  delete bounds.type;
  return { ...rest, ...bounds, anyOf: [{ type: "integer" }, { type: "string" }] };
}

/** The paths of the fields that say nothing of themselves. */
export function undescribed(schema: Schema, path = ""): string[] {
  const fields = Object.entries(schema.properties ?? {});
  const nested = [schema.items, schema.additionalProperties].filter((inner) => inner !== undefined);
  return [
    ...fields.filter(([, { description = "" }]) => description === "").map(([name]) => `${path}.${name}`),
    ...fields.flatMap(([name, field]) => undescribed(field, `${path}.${name}`)),
    ...nested.flatMap((inner) => undescribed(inner, `${path}[]`)),
  ];
}

/** The paths of strings, lists and maps without a bound: CEL's costs are reckoned by them, and so is what etcd holds. */
export function unbounded(schema: Schema, path = ""): string[] {
  const bound = boundOf(schema);
  return [
    ...(bound !== null && schema[bound] === undefined && schema["enum"] === undefined ? [`${path}: no ${bound}`] : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) => unbounded(field, `${path}.${name}`)),
    ...[schema.items, schema.additionalProperties].flatMap((inner) =>
      inner === undefined ? [] : unbounded(inner, `${path}[]`),
    ),
  ];
}

function boundOf(schema: Schema): string | null {
  if (schema.type === "string" || schema["x-kubernetes-int-or-string"] === true) return "maxLength";
  if (schema.type === "array") return "maxItems";
  if (schema.type === "integer") return "maximum";
  return schema.additionalProperties === undefined ? null : "maxProperties";
}
