import { EXIT } from "../../../contract/exit-code.ts";
import type { ExitCode } from "../../../contract/exit-code.ts";
import { operandOf, timeoutOf } from "../invocation.ts";
import type { Invocation } from "../invocation.ts";
import { printer } from "../printer.ts";
import { progressOf } from "../progress.ts";
import { migrationName } from "../resource.ts";
import { askForRetry } from "../retry.ts";
import { waitFor, workloadAsked } from "../wait.ts";

/** `kubectl lockkeeper retry NAME [--wait]`. */
export async function retryCommand(invocation: Invocation): Promise<ExitCode> {
  const { cluster, host, switches } = invocation;
  const name = migrationName(operandOf(invocation));
  const timeoutMs = timeoutOf(invocation);
  const migration = await askForRetry(cluster, name, host);
  printer(host).err(`databasemigration/${name}: asked for another try of what failed`);
  if (!switches.has("wait")) return EXIT.done;
  const progress = progressOf(host);
  const workload = await workloadAsked(migration, cluster, { host, progress });
  progress.close();
  const { generation } = migration.metadata;
  const asked = { generation, image: null, key: null, workload, suspendedFails: false };
  return await waitFor({ cluster, migration, asked, timeoutMs, host });
}
