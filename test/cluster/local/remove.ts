import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { exclusive } from "../exclusive.ts";
import { say } from "../progress.ts";
import { removeCgroups } from "./cgroups.ts";
import { unwireHost } from "./network.ts";
import { isAlive, kill, untilGone } from "./processes.ts";
import { allRecords, folderOf, readRecord } from "./record.ts";

/** Removes what a cluster has, in whatever state it is: also one that died on the way up, or whose harness did. */
export async function remove(name: string): Promise<void> {
  const record = await readRecord(name);
  if (record !== null) {
    for (const node of record.nodes) kill(node.process, "SIGKILL");
    await untilGone(
      name,
      record.nodes.flatMap((node) => node.process.namespace ?? []),
    );
    if (record.index !== null) await unwireHost(record.index);
    if (record.size === "full") await removeCgroups(name);
  }
  refuseMounted(folderOf(name));
  await rm(folderOf(name), { recursive: true, force: true });
}

/** Clusters that ended with their harness leave a folder and empty cgroups: the next one clears them away. */
export async function sweep(): Promise<void> {
  for (const { name } of await allRecords()) {
    if (!(await isLeft(name))) continue;
    await using _lock = await exclusive(`cluster-${name}`, `it clears away the cluster ${name}`);
    if (!(await isLeft(name))) continue; // the one we waited for did it
    say(`clearing away what the cluster ${name} left`);
    await remove(name);
  }
}

async function isLeft(name: string): Promise<boolean> {
  const record = await readRecord(name);
  return record !== null && !record.keep && !record.nodes.some((node) => isAlive(node.process));
}

/** Deleting below a mount would delete what is mounted. There is none once the namespaces are gone; this makes sure. */
function refuseMounted(folder: string): void {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const below = mounts.map((line) => line.split(" ")[4] ?? "").filter((path) => path.startsWith(`${folder}/`));
  if (below.length > 0) throw new Error(`Not deleted, because something is mounted there: ${below.join(", ")}`);
}
