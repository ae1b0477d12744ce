import type { ExitCode } from "../../../contract/exit-code.ts";
import { EXIT } from "../../../contract/exit-code.ts";
import type { DatabaseMigration } from "../../../contract/resource/resource.ts";
import { isApiError } from "../../api/api.ts";
import { MIGRATIONS } from "../../api/kinds.ts";
import { pathOf } from "../../api/path.ts";
import type { RawMigration } from "../../watch/migration.ts";
import { asked, MIGRATION_NAME } from "../ask.ts";
import { invalid } from "../failure.ts";
import { timeoutOf } from "../invocation.ts";
import type { Invocation } from "../invocation.ts";
import { readManifest } from "../manifest.ts";
import type { Manifest } from "../manifest.ts";
import { printer } from "../printer.ts";
import { progressOf } from "../progress.ts";
import { parsed } from "../resource.ts";
import { askForRetry, FIELD_MANAGER } from "../retry.ts";
import { fixedKey } from "../asked.ts";
import { waitFor, workloadAsked } from "../wait.ts";

/**
 * `kubectl lockkeeper apply -f FILE [--wait]`. What failed before is tried again: applying the same once more, as a repeated
 * `helm upgrade` does, asks for another try, and not for the old answer.
 */
export async function applyCommand(invocation: Invocation): Promise<ExitCode> {
  const { host, values, switches } = invocation;
  const file = values.filename;
  if (file === undefined)
    throw invalid("apply lacks -f", "Write kubectl lockkeeper apply -f FILE, or -f - for standard input.");
  const timeoutMs = timeoutOf(invocation);
  const progress = progressOf(host);
  const where = { asked: values.namespace ?? null, otherwise: invocation.cluster.namespace };
  const manifest = await readManifest(file, where, host);
  const { name, namespace } = manifest.metadata;
  const cluster = { ...invocation.cluster, namespace };
  let migration = parsed(await apply(manifest, { ...invocation, cluster }, (text) => progress.note(text)));
  printer(host).err(`databasemigration/${name} applied (generation ${migration.metadata.generation})`);
  if (hasFailed(migration)) {
    migration = await askForRetry(cluster, name, host);
    printer(host).err("its last run had failed for the same spec: it is tried again now");
  }
  const workload = switches.has("wait") ? await workloadAsked(migration, cluster, { host, progress }) : null;
  progress.close();
  if (!switches.has("wait")) return EXIT.done;
  const { generation } = migration.metadata;
  const what = { generation, image: null, key: fixedKey(migration), workload, suspendedFails: true };
  return await waitFor({ cluster, migration, asked: what, timeoutMs, host });
}

/** A server-side apply, in which a field that the server doesn't know is an error. */
async function apply(
  manifest: Manifest,
  { cluster, host, switches }: Invocation,
  told: (text: string) => void,
): Promise<RawMigration> {
  const { api, namespace } = cluster;
  const { signal } = host;
  const query = { fieldManager: FIELD_MANAGER, fieldValidation: "Strict", force: switches.has("force-conflicts") };
  const path = pathOf(MIGRATIONS, namespace, manifest.metadata.name);
  const ask = async () =>
    await api.request<RawMigration>("PATCH", path, { patch: "apply", body: manifest, query, signal });
  const need = { verbs: "create and patch", resource: MIGRATION_NAME, namespace };
  try {
    return await asked(ask, need, { signal, leave: ["Conflict"], told });
  } catch (error) {
    if (!isApiError(error, "Conflict")) throw error;
    throw invalid(
      error.said,
      "Others have set these fields. --force-conflicts takes them over; or leave them out.",
      error,
    );
  }
}

/**
 * Whether it stands still, or is between two tries, for the spec that was just applied: whoever applies it again means now. A new
 * spec clears failures by itself.
 */
function hasFailed({ metadata, status }: DatabaseMigration): boolean {
  if (status.observedGeneration !== metadata.generation) return false;
  const isStalled = (status.conditions ?? []).some(({ type, status: is }) => type === "Stalled" && is === "True");
  return (
    isStalled || (status.releases ?? []).some(({ state, retryAt }) => state === "Pending" && retryAt !== undefined)
  );
}
