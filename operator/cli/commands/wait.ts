import type { ExitCode } from "../../../contract/exit-code.ts";
import { invalid } from "../failure.ts";
import { operandOf, timeoutOf } from "../invocation.ts";
import type { Invocation } from "../invocation.ts";
import { progressOf } from "../progress.ts";
import { migrationName, readMigration } from "../resource.ts";
import { waitFor, workloadAsked } from "../wait.ts";

/** `kubectl lockkeeper wait NAME`. */
export async function waitCommand(invocation: Invocation): Promise<ExitCode> {
  const { cluster, host, values } = invocation;
  const name = migrationName(operandOf(invocation));
  const timeoutMs = timeoutOf(invocation);
  const image = values["for-image"] ?? null;
  const progress = progressOf(host);
  const migration = await readMigration(cluster, name, { signal: host.signal, told: (text) => progress.note(text) });
  const workload = await workloadAsked(migration, cluster, { host, progress });
  progress.close();
  if (image !== null && migration.spec.source.configMap !== undefined) {
    throw invalid(
      `databasemigration/${name} has no image: its migrations are in a ConfigMap`,
      "Leave --for-image out.",
    );
  }
  const { generation } = migration.metadata;
  const asked = { generation, image, key: null, workload, suspendedFails: false };
  return await waitFor({ cluster, migration, asked, timeoutMs, host });
}
