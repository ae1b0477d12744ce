/** The CustomResourceDefinition, from the resource's schema in contract/resource/. */
import { z } from "zod";
import { GROUP, KIND, PLURAL, VERSION } from "../../contract/resource/names.ts";
import { Spec } from "../../contract/resource/spec.ts";
import { Status } from "../../contract/resource/status.ts";
import { structural } from "./structural.ts";
import type { Schema } from "./structural.ts";

const schemaOf = (schema: z.ZodType): Schema =>
  structural(z.toJSONSchema(schema, { target: "openapi-3.0", io: "input" }) as Schema);

const condition = (field: string): string => `.status.conditions[?(@.type=="Ready")].${field}`;

/** `priority: 1` is for `kubectl get -o wide`. */
const columns = [
  { name: "Ready", type: "string", jsonPath: condition("status"), description: "Whether the schema is there." },
  { name: "Reason", type: "string", jsonPath: condition("reason"), description: "Why, in one word." },
  { name: "Version", type: "string", jsonPath: ".status.schema.version", description: "The newest applied migration." },
  { name: "Pending", type: "integer", jsonPath: ".status.schema.pending", description: "How many are left to do." },
  { name: "Last Run", type: "date", jsonPath: ".status.runs[0].startedAt", description: "When the newest run began." },
  { name: "Image", type: "string", priority: 1, jsonPath: ".status.source.image", description: "What was run last." },
  { name: "Message", type: "string", priority: 1, jsonPath: condition("message"), description: "What happened." },
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "How long it has been there." },
];

/** The whole resource. */
export const root = {
  type: "object",
  description:
    "Brings a PostgreSQL schema to the level that a release needs: once, under a lock, before the release's pods start.",
  required: ["spec"],
  properties: {
    apiVersion: { type: "string", description: "The version of this kind's schema." },
    kind: { type: "string", description: "The kind of object." },
    metadata: { type: "object" },
    spec: { ...schemaOf(Spec), description: "What is asked for." },
    status: { ...schemaOf(Status), description: "What the operator saw." },
  },
  "x-kubernetes-validations": [
    // The name goes into labels, which take no more.
    { rule: "size(self.metadata.name) <= 63", message: "a name has at most 63 characters" },
  ],
};

export const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${PLURAL}.${GROUP}` },
  spec: {
    group: GROUP,
    scope: "Namespaced",
    names: {
      kind: KIND,
      listKind: `${KIND}List`,
      plural: PLURAL,
      singular: KIND.toLowerCase(),
      shortNames: ["dbm"],
      categories: ["lockkeeper"],
    },
    versions: [
      {
        name: VERSION,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: columns,
        schema: { openAPIV3Schema: root },
      },
    ],
  },
};
