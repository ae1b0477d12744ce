/** The cgroups that a node's pods are in. Kubelets share them with the machine, so each cluster has a tree of its own. */
import { existsSync } from "node:fs";
import { mkdir, readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";

const mounted = "/sys/fs/cgroup";

export function cgroupOf(cluster: string, node: string): string {
  return `/lockkeeper-${cluster}/${node}`;
}

/** Version 2 is one tree; version 1, and both at once, are one for each controller. */
async function hierarchies(): Promise<string[]> {
  if (existsSync(join(mounted, "cgroup.controllers"))) return [mounted];
  const entries = await readdir(mounted, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(mounted, entry.name));
}

export async function makeCgroups(cluster: string, node: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    await mkdir(join(hierarchy, cgroupOf(cluster, node)), { recursive: true });
  }
}

/** Removes the cluster's trees. Their processes have to be gone. */
export async function removeCgroups(cluster: string): Promise<void> {
  for (const hierarchy of await hierarchies()) await removeTree(join(hierarchy, `lockkeeper-${cluster}`));
}

/** Only folders: the files in them are the kernel's, and go with them. */
async function removeTree(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  await rmdir(folder);
}
