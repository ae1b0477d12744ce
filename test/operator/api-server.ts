import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Cluster } from "../cluster/provider.ts";
import { folderOf, readRecord } from "../cluster/local/record.ts";
import { readEvents } from "../cluster/local/start.ts";

/** Kills the API server of a local cluster; its supervisor starts it again. Throws for another kind of cluster. */
export async function killApiServer(cluster: Cluster): Promise<void> {
  process.kill(await pidOf(cluster), "SIGKILL");
}

/** Drops the past from a local cluster's etcd: no watch can begin from before now. Throws for another kind of cluster. */
export async function compactEtcd(cluster: Cluster): Promise<void> {
  const command = await readFile(`/proc/${await pidOf(cluster)}/cmdline`, "utf8");
  const url = /--etcd-servers=([^\0,]+)/.exec(command)?.[1] ?? "";
  const ask = async (path: string, body: object): Promise<{ header?: { revision: string } }> => {
    const answer = await fetch(`${url}/v3/kv/${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`etcd answers ${answer.status} to ${path}`);
    return (await answer.json()) as { header?: { revision: string } };
  };
  const { header } = await ask("range", { key: "AA==" });
  await ask("compaction", { revision: header?.revision, physical: true });
}

async function pidOf({ name, provider }: Cluster): Promise<number> {
  const record = provider === "local" ? await readRecord(name) : null;
  const events = (record?.nodes ?? []).flatMap((node) => readEvents(join(folderOf(name), node.name)));
  const pid = events.findLast((event) => event.component === "kube-apiserver" && event.pid !== undefined)?.pid;
  if (pid === undefined)
    throw new Error(`The cluster ${name} is not a local one: its API server can't be reached as a process.`);
  return pid;
}
