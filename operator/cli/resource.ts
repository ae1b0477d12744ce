import { KIND, PLURAL, GROUP } from "../../contract/resource/names.ts";
import { DatabaseMigration } from "../../contract/resource/resource.ts";
import { isApiError } from "../api/api.ts";
import { MIGRATIONS } from "../api/kinds.ts";
import { pathOf } from "../api/path.ts";
import type { RawMigration } from "../watch/migration.ts";
import { asked, MIGRATION_NAME } from "./ask.ts";
import type { Cluster } from "./cluster.ts";
import { invalid } from "./failure.ts";

const TYPES = [KIND.toLowerCase(), PLURAL, `${KIND.toLowerCase()}.${GROUP}`, MIGRATION_NAME, "dbm"];
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** The name in `databasemigration/web`, `dbm/web` or `web`. */
export function migrationName(operand: string): string {
  const [type, name, more] = operand.includes("/") ? operand.split("/") : ["dbm", operand];
  if (more === undefined && name !== undefined && TYPES.includes(type?.toLowerCase() ?? "") && NAME.test(name))
    return name;
  throw invalid(
    `${JSON.stringify(operand)} names no DatabaseMigration`,
    `Write databasemigration/NAME, dbm/NAME or NAME.`,
  );
}

/** Reads one resource. Throws a CliFailure that says what is missing: the resource, the CRD, a right. */
export async function readMigration(
  { api, namespace }: Cluster,
  name: string,
  how: { signal: AbortSignal; told?: (text: string) => void },
): Promise<DatabaseMigration> {
  const need = { verbs: "get", resource: MIGRATION_NAME, namespace };
  const path = pathOf(MIGRATIONS, namespace, name);
  try {
    const ask = async () => await api.request<RawMigration>("GET", path, { signal: how.signal });
    return parsed(await asked(ask, need, { ...how, leave: ["NotFound"] }));
  } catch (error) {
    if (!isApiError(error, "NotFound")) throw error;
    if (error.said.includes("could not find the requested resource")) {
      throw invalid(`the cluster doesn't know ${MIGRATION_NAME}`, "Install the chart lockkeeper, or its CRD.", error);
    }
    throw invalid(
      `there is no DatabaseMigration ${name} in the namespace ${namespace}`,
      "kubectl get databasemigrations --all-namespaces lists them; -n names another namespace.",
      error,
    );
  }
}

/** What this version understands of it: fields that a newer one has are passed over. */
export function parsed(raw: RawMigration): DatabaseMigration {
  const { data, error } = DatabaseMigration.safeParse({ ...raw, status: raw.status ?? {} });
  if (data !== undefined) return data;
  const issue = error.issues[0];
  throw invalid(
    `DatabaseMigration ${raw.metadata.name} can't be read by this version: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
    "Take the plugin of the operator's version.",
  );
}
