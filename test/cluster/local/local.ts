/** The provider `local`: a cluster of plain processes on this machine, with nothing but Go and a few packages. */
import { join } from "node:path";
import { archiveOf } from "../archive.ts";
import { exclusive } from "../exclusive.ts";
import { commands, ownKubectl } from "../kubectl.ts";
import type { Cluster, ClusterOptions, Provider, Size, Status } from "../provider.ts";
import { succeeds } from "../run.ts";
import { programs } from "./binaries.ts";
import { startControlPlane } from "./control-plane.ts";
import { startFull } from "./full.ts";
import { importImage } from "./images.ts";
import { mostNodes } from "./network.ts";
import { canInstall, forCertificates, forPods, missing } from "./packages.ts";
import { isAlive } from "./processes.ts";
import { allRecords, folderOf, readRecord, writeRecord } from "./record.ts";
import type { ClusterRecord } from "./record.ts";
import { remove, sweep } from "./remove.ts";
import { readEvents } from "./start.ts";

export const local: Provider = { name: "local", unavailable, up, find, down, status };

async function unavailable(size: Size): Promise<string | null> {
  if (process.platform !== "linux") return "a local cluster needs Linux";
  if (size === "full" && process.getuid?.() !== 0) return "a local cluster that runs pods needs root";
  if (!(await succeeds("go", "version"))) return "a local cluster needs Go to be built, and there is none";
  const lacking = missing(size === "full" ? [...forCertificates, ...forPods] : forCertificates);
  if (lacking.length > 0 && !canInstall()) return `a local cluster needs these packages: ${lacking.join(" ")}`;
  return null;
}

async function up({ name, size, nodes = 1, keep = false }: ClusterOptions & { name: string }): Promise<Cluster> {
  const possible = Number.isInteger(nodes) && nodes >= 1 && nodes <= mostNodes;
  if (!possible) throw new Error(`A cluster has 1 to ${mostNodes} nodes, not ${nodes}.`);
  const reason = await unavailable(size);
  if (reason !== null) throw new Error(`${reason[0]?.toUpperCase()}${reason.slice(1)}.`);
  await using _lock = await exclusive(`cluster-${name}`, `it starts or ends the cluster ${name}`);
  const existing = await readRecord(name);
  if (existing !== null && isUp(existing)) {
    const fits = size === "control-plane" || (existing.size === size && existing.nodes.length >= nodes);
    if (!fits) throw new Error(`The cluster ${name} is up with fewer nodes than are asked for: take it down.`);
    return await clusterOf(existing, false);
  }
  await remove(name);
  await sweep();
  for (let tries = 1; ; tries++) {
    try {
      const record = size === "full" ? await startFull(name, nodes, keep) : await startControlPlane(name, keep);
      await writeRecord(record);
      return await clusterOf(record, true);
    } catch (error) {
      await remove(name);
      if (tries === 3 || !portTaken(error)) throw error;
    }
  }
}

/** Between choosing a port and using it, another program may have taken it. */
function portTaken(error: unknown): boolean {
  return error instanceof Error && error.message.includes("address already in use");
}

async function find(name: string): Promise<Cluster | null> {
  const record = await readRecord(name);
  return record !== null && isUp(record) ? await clusterOf(record, false) : null;
}

async function down(name: string): Promise<void> {
  await using _lock = await exclusive(`cluster-${name}`, `it starts or ends the cluster ${name}`);
  await remove(name);
}

function isUp(record: ClusterRecord): boolean {
  return record.ready && record.nodes.every((node) => isAlive(node.process));
}

async function clusterOf(record: ClusterRecord, created: boolean): Promise<Cluster> {
  const { name, size, hostAddress } = record;
  const kubeconfig = join(folderOf(name), "kubeconfig");
  const end = async () => await down(name);
  return {
    ...commands(await ownKubectl(), kubeconfig),
    ...{ provider: "local", name, size, kubeconfig, hostAddress, created },
    nodes: size === "full" ? record.nodes.length : 0,
    async load(image) {
      if (size !== "full") throw new Error(`The cluster ${name} runs no pods: it has no use for an image.`);
      await using archive = await archiveOf(image);
      const ctr = join(await programs("containerd"), "ctr");
      const sockets = record.nodes.map((node) => join(folderOf(name), node.name, "containerd.sock"));
      for (const socket of sockets) await importImage(ctr, socket, archive.path);
    },
    down: end,
    async [Symbol.asyncDispose]() {
      if (created) await end();
    },
  };
}

async function status(): Promise<Status[]> {
  const records = await allRecords();
  return records.map((record) => {
    const { name, size, server } = record;
    const lines = record.nodes.flatMap((node) => {
      const folder = join(folderOf(name), node.name);
      const latest = new Map(readEvents(folder).map((event) => [event.component, event]));
      latest.delete("*");
      const components = [...latest.values()].map((event) => `  ${event.component}: ${event.state}`);
      return [`${node.name}, logs in ${join(folder, "logs")}`, ...components];
    });
    return { name, size, running: isUp(record), lines: [`API server ${server}`, ...lines] };
  });
}
