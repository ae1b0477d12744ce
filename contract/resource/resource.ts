import { z } from "zod";
import { Spec } from "./spec.ts";
import { Status } from "./status.ts";

/** A DatabaseMigration as the operator reads it: the spec with its defaults, the status as it was written. */
export const DatabaseMigration = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    generation: z.int(),
    creationTimestamp: z.string(),
    deletionTimestamp: z.string().optional(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: Spec,
  status: Status.prefault({}),
});
export type DatabaseMigration = z.infer<typeof DatabaseMigration>;
