/** Size `full`: nodes that run pods, each in process, mount and network namespaces of its own. Needs root. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { programs } from "./binaries.ts";
import { makeCertificates, writeKubeconfig } from "./certificates.ts";
import { cgroupOf, makeCgroups } from "./cgroups.ts";
import { apiServerWithNodes, controllers, controlPlane, node } from "./components.ts";
import type { Component } from "./components.ts";
import { corefile, nodeFiles } from "./configuration.ts";
import { writePauseImage } from "./images.ts";
import { inside, kernelFiles, nodeSetup } from "./mounts.ts";
import { firstService, networkOf, services, wireHost, wireNode } from "./network.ts";
import type { Network } from "./network.ts";
import { forCertificates, forPods, install } from "./packages.ts";
import { folderOf, writeRecord } from "./record.ts";
import type { ClusterRecord } from "./record.ts";
import { carryOut, startSupervisor } from "./start.ts";
import type { Started } from "./start.ts";

const port = 6443;

export async function startFull(name: string, nodes: number, keep: boolean): Promise<ClusterRecord> {
  await install([...forCertificates, ...forPods]);
  const folders = {
    kubernetes: await programs("kubernetes"),
    containerd: await programs("containerd"),
    coredns: await programs("coredns"),
  };
  const folder = folderOf(name);
  const started = await Promise.all(
    networkOf(0, nodes).nodes.map((each) => startSupervisor(name, each.name, join(folder, each.name), true)),
  );
  const record = (index: number | null, ready: boolean): ClusterRecord => {
    const { hostAddress, nodes: all } = networkOf(index ?? 0, nodes);
    const processes = started.map((each) => ({ name: each.name, process: each.process }));
    const server = `https://${all[0]?.address}:${port}`;
    return { name, size: "full", keep, ready, hostAddress, index, server, nodes: processes };
  };
  await writeRecord(record(null, false));
  const pidOf = (position: number) => started[position]?.process.pid ?? 0;
  const index = await wireHost(pidOf(0));
  await writeRecord(record(index, false));

  const network = networkOf(index, nodes);
  for (const [position, each] of network.nodes.entries()) {
    if (position > 0) await wireNode(pidOf(0), pidOf(position), each);
  }
  const certificates = join(folder, "certificates");
  const { server } = record(index, false);
  await makeCertificates(certificates, certificatesOf(network));
  await writeKubeconfig(join(folder, "kubeconfig"), certificates, "admin", server);
  for (const [position, each] of started.entries()) {
    await writeNode(name, network, position, each, certificates, server);
    await writePauseImage(join(folders.kubernetes, "pause"), join(each.folder, "pause.tar"));
  }
  // One after the other: what a further node runs expects the API server.
  for (const [position, each] of started.entries()) {
    const setup = nodeSetup({ node: each.folder, certificates, ...folders }, network, position);
    await carryOut(each, {
      folder: inside.node,
      keep,
      setup,
      wrapper: [],
      components: components(network, position, server),
    });
  }
  return record(index, true);
}

function components(network: Network, position: number, server: string): Component[] {
  const here = network.nodes[position];
  if (here === undefined) throw new Error(`no node at ${position}`);
  const ofNode = node(inside, here.name, here.address, server);
  if (position > 0) return ofNode;
  const endpoint = { address: here.address, port, etcd: 2379, etcdPeers: 2380 };
  return [...controlPlane(inside, endpoint, apiServerWithNodes(inside, services)), ...controllers(inside), ...ofNode];
}

function certificatesOf({ nodes }: Network) {
  const ofServer = ["kubernetes.default.svc", "kubernetes.default", "localhost", "127.0.0.1", firstService];
  return [
    { name: "kube-apiserver", subject: "/CN=kube-apiserver", names: [...ofServer, nodes[0]?.address ?? ""] },
    { name: "admin", subject: "/O=system:masters/CN=admin", names: [] },
    ...nodes.map(({ name, address }) => {
      return { name, subject: `/O=system:nodes/CN=system:node:${name}`, names: [name, address] };
    }),
  ];
}

async function writeNode(
  cluster: string,
  network: Network,
  position: number,
  { folder, name }: Started,
  certificates: string,
  server: string,
): Promise<void> {
  const [first, here] = [network.nodes[0], network.nodes[position]];
  if (first === undefined || here === undefined) throw new Error(`no node at ${position}`);
  const facts = { network: here, clusterPods: network.pods, dns: first.address, cgroup: cgroupOf(cluster, name) };
  const files = { ...nodeFiles(inside, facts), ...kernelFiles, Corefile: corefile(inside, first.address) };
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), content);
  }
  await writeKubeconfig(join(folder, "admin.kubeconfig"), certificates, "admin", server);
  await writeKubeconfig(join(folder, "kubelet.kubeconfig"), certificates, name, server);
  await makeCgroups(cluster, name);
}
