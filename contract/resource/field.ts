import { z } from "zod";

/** The pieces that the resource's fields are made of. Everything is bounded: the CRD's CEL rules are costed by the bounds. */

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const KEY = /^[-._a-zA-Z0-9]+$/;
/** One or more numbers with units, or a bare 0: contract/duration.ts reads them. */
const DURATION = /^(0|([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+)$/;
const TABLE = /^[a-z_][a-z0-9_$]{0,62}\.[a-z_][a-z0-9_$]{0,62}$/;

export const label = (): z.ZodString => z.string().min(1).max(63).regex(DNS_LABEL);
export const objectName = (): z.ZodString => z.string().min(1).max(253).regex(DNS_SUBDOMAIN);
export const key = (): z.ZodString => z.string().min(1).max(253).regex(KEY);
export const duration = (): z.ZodString => z.string().max(20).regex(DURATION);
export const tableName = (): z.ZodString => z.string().max(127).regex(TABLE);

/** A rule of the API server's own, in CEL. */
export type Rule = { rule: string; message: string };

/** Marks a schema with CEL rules; the generator carries them into the CRD. */
export const rules = (...list: Rule[]): { "x-kubernetes-validations": Rule[] } => ({
  "x-kubernetes-validations": list,
});

/** A key of a Secret or ConfigMap in the resource's own namespace: a reference never carries a namespace. */
export const keyRef = (what: string) =>
  z.object({
    name: objectName().describe(`Name of the ${what}, in the resource's own namespace.`),
    key: key().describe(`Key in the ${what}.`),
  });
