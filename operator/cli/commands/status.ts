import { EXIT } from "../../../contract/exit-code.ts";
import type { ExitCode } from "../../../contract/exit-code.ts";
import type { DatabaseMigration } from "../../../contract/resource/resource.ts";
import { MIGRATIONS } from "../../api/kinds.ts";
import { namesOf } from "../../watch/gated.ts";
import type { RawMigration } from "../../watch/migration.ts";
import { MIGRATION_NAME } from "../ask.ts";
import { CliFailure, invalid } from "../failure.ts";
import { gatedPods } from "../gated-pods.ts";
import type { Invocation } from "../invocation.ts";
import { list } from "../list.ts";
import { printer } from "../printer.ts";
import { migrationName, parsed, readMigration } from "../resource.ts";
import { detailOf, tableOf } from "../status-text.ts";
import type { GatedRow } from "../status-text.ts";

/** `kubectl lockkeeper status [NAME]`: tells, and exits with 0 whatever it tells. */
export async function statusCommand(invocation: Invocation): Promise<ExitCode> {
  const { operands, switches, host } = invocation;
  const name = operands[0] === undefined ? null : migrationName(operands[0]);
  if (name !== null && switches.has("all-namespaces")) {
    throw invalid("a name and --all-namespaces don't go together", "Name the namespace by -n.");
  }
  const print = printer(host);
  print.out(name === null ? await all(invocation) : await one(name, invocation));
  return EXIT.done;
}

async function all({ cluster, switches, host }: Invocation): Promise<string> {
  const isAll = switches.has("all-namespaces");
  const namespace = isAll ? null : cluster.namespace;
  const raw = await list<RawMigration>(cluster, { kind: MIGRATIONS, name: MIGRATION_NAME, namespace }, host.signal);
  if (switches.has("json")) return JSON.stringify({ migrations: raw.map(documentOf) });
  if (raw.length === 0)
    return `there are no DatabaseMigrations ${isAll ? "at all" : `in the namespace ${cluster.namespace}`}`;
  return tableOf(raw.map(parsed), host.wall(), isAll);
}

async function one(name: string, { cluster, switches, host }: Invocation): Promise<string> {
  const migration = await readMigration(cluster, name, host);
  const gated = await waiting(cluster, name, host);
  if (switches.has("json")) return JSON.stringify({ ...documentOf(migration), gatedPods: gated });
  return detailOf(migration, gated, host.wall());
}

/** The status as the operator wrote it, so that a newer one's fields aren't lost. */
const documentOf = ({ metadata, status }: RawMigration | DatabaseMigration) => ({
  ...{ namespace: metadata.namespace, name: metadata.name, generation: metadata.generation },
  status: status ?? {},
});

async function waiting(
  cluster: Invocation["cluster"],
  name: string,
  { signal }: Invocation["host"],
): Promise<GatedRow[] | null> {
  try {
    const pods = await gatedPods(cluster, signal);
    const own = pods.filter((pod) => namesOf(pod).includes(name));
    return own.map(({ metadata }) => ({ name: metadata.name, since: metadata.creationTimestamp }));
  } catch (error) {
    if (error instanceof CliFailure) return null;
    throw error;
  }
}
