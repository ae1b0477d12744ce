import { join } from "node:path";
import type { Cluster } from "../cluster/provider.ts";
import { folderOf, readRecord } from "../cluster/local/record.ts";
import { readEvents } from "../cluster/local/start.ts";

/** Kills the API server of a local cluster; its supervisor starts it again. Throws for another kind of cluster. */
export async function killApiServer({ name, provider }: Cluster): Promise<void> {
  const record = provider === "local" ? await readRecord(name) : null;
  const events = (record?.nodes ?? []).flatMap((node) => readEvents(join(folderOf(name), node.name)));
  const pid = events.findLast((event) => event.component === "kube-apiserver" && event.pid !== undefined)?.pid;
  if (pid === undefined) throw new Error(`The cluster ${name} is not a local one: its API server can't be killed.`);
  process.kill(pid, "SIGKILL");
}
