/** Processes of other programs, known by more than a number, which the kernel gives to another one later. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

export const processSchema = z.object({
  pid: z.number(),
  /** In the kernel's ticks since boot. */
  startedAt: z.string(),
  /** The process namespace that its children are in, if it is not this process's own. */
  namespace: z.string().nullable(),
});

export type KnownProcess = z.infer<typeof processSchema>;

/** The variable that marks a cluster's processes. Containers don't inherit it: they are found by their namespace. */
export const marker = "LOCKKEEPER_CLUSTER";

export function know(pid: number): KnownProcess {
  const namespace = link(`/proc/${pid}/ns/pid_for_children`);
  const own = link("/proc/self/ns/pid");
  return { pid, startedAt: startOf(pid) ?? "", namespace: namespace === own ? null : namespace };
}

export function isAlive({ pid, startedAt }: KnownProcess): boolean {
  return startOf(pid) === startedAt;
}

/** Ends it at once, if it is still the same one. */
export function kill(known: KnownProcess, signal: NodeJS.Signals): void {
  if (isAlive(known)) process.kill(known.pid, signal);
}

/** All processes of a cluster: those with its mark, and those in its namespaces. Zombies are not counted. */
export function processesOf(cluster: string, namespaces: string[]): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => startOf(pid) !== null)
    .filter((pid) => namespaces.includes(link(`/proc/${pid}/ns/pid`) ?? "") || isMarked(pid, cluster));
}

/** Waits until the cluster has no process any more. Throws after 20 s, with those that are left. */
export async function untilGone(cluster: string, namespaces: string[]): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (processesOf(cluster, namespaces).length === 0) return;
    await sleep(50);
  }
  throw new Error(`cluster ${cluster}: these processes don't end: ${processesOf(cluster, namespaces).join(", ")}`);
}

function isMarked(pid: number, cluster: string): boolean {
  return (content(`/proc/${pid}/environ`) ?? "").split("\0").includes(`${marker}=${cluster}`);
}

/** Null if there is none, or only what is left of one until its parent looks. */
function startOf(pid: number): string | null {
  // After the name, which may hold anything, in its brackets: state is the first field, the start the twentieth.
  const fields = content(`/proc/${pid}/stat`)
    ?.replace(/^.*\)\s/s, "")
    .split(" ");
  return fields === undefined || fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
}

function content(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

function link(file: string): string | null {
  try {
    return readlinkSync(file);
  } catch {
    return null;
  }
}
