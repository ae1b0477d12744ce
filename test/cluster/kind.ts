/** The provider `kind`: nodes as containers, where a Docker engine answers. Its version pins that of Kubernetes. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { archiveOf } from "./archive.ts";
import { stateFolder } from "./environment.ts";
import { exclusive } from "./exclusive.ts";
import { anyKubectl, commands } from "./kubectl.ts";
import { programs } from "./local/binaries.ts";
import { waiting } from "./progress.ts";
import type { Cluster, Provider } from "./provider.ts";
import { run, succeeds } from "./run.ts";

const prefix = "lockkeeper-";

export const kind: Provider = {
  name: "kind",
  async unavailable(size) {
    // Its clusters are whole ones; a control plane alone starts in a tenth of the time without it.
    if (size === "control-plane") return "kind makes no cluster without nodes";
    if (!(await succeeds("docker", "info"))) return "no Docker engine answers";
    return (await succeeds("go", "version")) ? null : "kind is built with Go, and there is none";
  },
  async up({ name, nodes = 1 }) {
    await using _lock = await exclusive(`cluster-${name}`, `it starts or ends the cluster ${name}`);
    if ((await names()).includes(name)) return await describe(name, false);
    const roles = Array.from({ length: nodes }, (_, n) => ({ role: n === 0 ? "control-plane" : "worker" }));
    const input = JSON.stringify({ kind: "Cluster", apiVersion: "kind.x-k8s.io/v1alpha4", nodes: roles });
    const args = ["create", "cluster", "--name", prefix + name, "--config", "-", "--wait", "3m"];
    const kubeconfig = join(await folderOf(name), "kubeconfig.created");
    await waiting(`creating the cluster ${name}`, kindRun([...args, "--kubeconfig", kubeconfig], input));
    const cluster = await describe(name, true);
    // kind keeps pods off its first node when there are others; a test's second node is a node like the first.
    const taint = "node-role.kubernetes.io/control-plane:NoSchedule-";
    if (nodes > 1) await cluster.kubectl("taint", "nodes", `${prefix}${name}-control-plane`, taint);
    return cluster;
  },
  async find(name) {
    if ((await kind.unavailable("full")) !== null) return null;
    return (await names()).includes(name) ? await describe(name, false) : null;
  },
  async down(name) {
    await using _lock = await exclusive(`cluster-${name}`, `it starts or ends the cluster ${name}`);
    await kindRun(["delete", "cluster", "--name", prefix + name]);
  },
  async status() {
    if ((await kind.unavailable("full")) !== null) return [];
    return (await names()).map((name) => ({ name, size: "full", running: true, lines: ["a cluster of kind"] }));
  },
};

async function kindRun(args: string[], input = ""): Promise<string> {
  return await run(join(await programs("kind"), "kind"), args, { input });
}

async function names(): Promise<string[]> {
  const all = (await kindRun(["get", "clusters", "--quiet"])).trim().split("\n");
  return all.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

async function folderOf(name: string): Promise<string> {
  const folder = join(stateFolder, "kind", name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

async function describe(name: string, created: boolean): Promise<Cluster> {
  const kubeconfig = join(await folderOf(name), "kubeconfig");
  await writeFile(kubeconfig, await kindRun(["get", "kubeconfig", "--name", prefix + name]), { mode: 0o600 });
  const kubectl = commands(await anyKubectl(), kubeconfig);
  const nodes = (await kubectl.kubectl("get", "nodes", "--output=name")).trim().split("\n").length;
  const format = "--format={{range .IPAM.Config}}{{.Gateway}} {{end}}";
  const gateways = (await run("docker", ["network", "inspect", "kind", format])).trim().split(" ");
  const end = async () => await kind.down(name);
  return {
    ...kubectl,
    ...{ provider: "kind", name, size: "full", nodes, kubeconfig, created },
    hostAddress: gateways.find((each) => /^[\d.]+$/.test(each)) ?? "",
    async load(image) {
      await using archive = await archiveOf(image);
      await kindRun(["load", "image-archive", archive.path, "--name", prefix + name]);
    },
    down: end,
    async [Symbol.asyncDispose]() {
      if (created) await end();
    },
  };
}
