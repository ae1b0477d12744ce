import { z } from "zod";
import { parseDuration } from "../duration.ts";

/** The pieces that the resource's fields are made of. Everything is bounded: the CRD's CEL rules are costed by the bounds. */

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const KEY = /^[-._a-zA-Z0-9]+$/;
/** One or more numbers with units, or a bare 0: contract/duration.ts reads them. */
const DURATION = /^(0|([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+)$/;
const TABLE = /^[a-z_][a-z0-9_$]{0,62}\.[a-z_][a-z0-9_$]{0,62}$/;
const TABLE_OR_NONE = /^([a-z_][a-z0-9_$]{0,62}\.[a-z_][a-z0-9_$]{0,62})?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
/** As Kubernetes reads them, but without a sign. */
const QUANTITY = /^([0-9]+(\.[0-9]*)?|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][0-9]{1,2})?$/;

export const label = (): z.ZodString => z.string().min(1).max(63).regex(DNS_LABEL);
export const objectName = (): z.ZodString => z.string().min(1).max(253).regex(DNS_SUBDOMAIN);
export const key = (): z.ZodString => z.string().min(1).max(253).regex(KEY);
/** The API server checks the form; that it is at most ten years, only code can tell. */
export const duration = (): z.ZodString =>
  z
    .string()
    .max(20)
    .regex(DURATION)
    .refine((text) => parseDuration(text) !== null, "a duration is at most ten years");
export const tableName = (): z.ZodString => z.string().max(127).regex(TABLE);
export const tableNameOrNone = (): z.ZodString => z.string().max(127).regex(TABLE_OR_NONE);
export const labelValue = (): z.ZodString => z.string().max(63).regex(LABEL_VALUE);

/** An amount of a resource, like `500m` or `1Gi`. */
export const quantity = () =>
  z.union([z.int().min(0), z.string().min(1).max(32).regex(QUANTITY)]).meta({ "x-kubernetes-int-or-string": true });

/** A rule between fields: in CEL for the API server, and the same as code for whoever reads a resource without it. */
export type Rule<T> = { rule: string; message: string; holds: (value: T) => boolean };

/** The schema with rules. The generator carries their CEL into the CRD. */
export function ruled<S extends z.ZodType>(schema: S, ...rules: Rule<z.output<S>>[]): S {
  const refined = rules.reduce((before, { holds, message }) => before.refine(holds, { message, abort: false }), schema);
  return refined.meta({ "x-kubernetes-validations": rules.map(({ rule, message }) => ({ rule, message })) });
}

const MOST_ENTRIES = 64;

/** A map of at most 64 entries. JSON Schema can't say how long a key may be, CEL can. */
export const map = <V extends z.ZodType>(longestKey: number, value: V) =>
  ruled(
    z.record(z.string(), value).refine((entries) => Object.keys(entries).length <= MOST_ENTRIES, {
      message: `at most ${MOST_ENTRIES} entries`,
    }),
    {
      rule: `self.all(key, key != '' && size(key) <= ${longestKey})`,
      message: `a key has 1 to ${longestKey} characters`,
      holds: (entries) => Object.keys(entries).every((name) => name !== "" && name.length <= longestKey),
    },
  ).meta({ maxProperties: MOST_ENTRIES });

/** A key of a Secret or ConfigMap in the resource's own namespace: a reference never carries a namespace. */
export const keyRef = (what: string) =>
  z.object({
    name: objectName().describe(`Name of the ${what}, in the resource's own namespace.`),
    key: key().describe(`Key in the ${what}.`),
  });
