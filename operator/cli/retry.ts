import { randomUUID } from "node:crypto";
import { RETRY_ANNOTATION } from "../../contract/resource/names.ts";
import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import { isApiError } from "../api/api.ts";
import { MIGRATIONS } from "../api/kinds.ts";
import { pathOf } from "../api/path.ts";
import type { RawMigration } from "../watch/migration.ts";
import { asked, MIGRATION_NAME } from "./ask.ts";
import type { Cluster } from "./cluster.ts";
import { invalid } from "./failure.ts";
import type { Host } from "./host.ts";
import { parsed } from "./resource.ts";

/** Under which name the API server notes who set a field. */
export const FIELD_MANAGER = "kubectl-lockkeeper";

/** Sets the retry annotation to a value that was never there, and gives the resource as it is then. */
export async function askForRetry({ api, namespace }: Cluster, name: string, host: Host): Promise<DatabaseMigration> {
  const { signal } = host;
  const value = `${new Date(host.wall()).toISOString()} ${randomUUID().slice(0, 8)}`;
  const body = { metadata: { annotations: { [RETRY_ANNOTATION]: value } } };
  const options = { patch: "merge", query: { fieldManager: FIELD_MANAGER }, body, signal } as const;
  const ask = async () => await api.request<RawMigration>("PATCH", pathOf(MIGRATIONS, namespace, name), options);
  const need = { verbs: "patch", resource: MIGRATION_NAME, namespace };
  try {
    return parsed(await asked(ask, need, { signal, leave: ["NotFound"] }));
  } catch (error) {
    if (!isApiError(error, "NotFound")) throw error;
    throw invalid(`there is no DatabaseMigration ${name} in the namespace ${namespace}`, error.said, error);
  }
}
