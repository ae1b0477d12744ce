import type { KubernetesObject } from "../kubernetes/objects.ts";
import { field } from "./field.ts";

/** A DatabaseMigration as the cluster has it. Who needs more than the two below parses it with contract/resource. */
export type RawMigration = KubernetesObject & { spec: unknown; status?: unknown };

/** `NAMESPACE/DEPLOYMENT` of the Deployment that it follows, or null. */
export function workloadOf({ metadata, spec }: RawMigration): string | null {
  const name = field(field(field(spec, "source"), "workload"), "name");
  return typeof name === "string" && name !== "" ? `${metadata.namespace}/${name}` : null;
}

/** `SYSTEMID/OID` of the database that its last run reported; null before one, and where the role may not know. */
export function databaseOf({ status }: { status?: unknown }): string | null {
  const database = field(status, "database");
  const system = field(database, "systemIdentifier");
  const oid = field(database, "oid");
  return typeof system === "string" && system !== "" && typeof oid === "number" ? `${system}/${oid}` : null;
}
