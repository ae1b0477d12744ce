/** Size `control-plane`: etcd and the API server as plain processes on loopback. Needs no root. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { programs } from "./binaries.ts";
import { makeCertificates, writeKubeconfig } from "./certificates.ts";
import { apiServerAlone, controlPlane } from "./components.ts";
import { forCertificates, install } from "./packages.ts";
import { folderOf, writeRecord } from "./record.ts";
import type { ClusterRecord } from "./record.ts";
import { carryOut, startSupervisor } from "./start.ts";

const address = "127.0.0.1";
const nodeName = "control-plane";

export async function startControlPlane(name: string, keep: boolean): Promise<ClusterRecord> {
  await install(forCertificates);
  const kubernetes = await programs("kubernetes");
  const folder = folderOf(name);
  const started = await startSupervisor(name, nodeName, join(folder, nodeName), false);
  const [port = 0, etcd = 0, etcdPeers = 0] = await freePorts(3);
  const server = `https://${address}:${port}`;
  const nodes = [{ name: nodeName, process: started.process }];
  const record = {
    name,
    size: "control-plane" as const,
    keep,
    ready: false,
    hostAddress: address,
    index: null,
    server,
    nodes,
  };
  await writeRecord(record);

  const certificates = join(folder, "certificates");
  await makeCertificates(certificates, [
    { name: "kube-apiserver", subject: "/CN=kube-apiserver", names: [address, "localhost"] },
    { name: "admin", subject: "/O=system:masters/CN=admin", names: [] },
  ]);
  await writeKubeconfig(join(folder, "kubeconfig"), certificates, "admin", server);
  const at = { node: started.folder, certificates, kubernetes, containerd: "", coredns: "" };
  await carryOut(started, {
    folder: started.folder,
    keep,
    setup: [],
    // Without a process namespace of its own, this makes the kernel end a component when the supervisor ends.
    wrapper: ["setpriv", "--pdeathsig", "KILL", "--"],
    components: controlPlane(at, { address, port, etcd, etcdPeers }, apiServerAlone),
  });
  return { ...record, ready: true };
}

/** Ports that the system chose. Held together until all are known, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = servers.map(async (server) => {
    await new Promise<void>((listening) => server.listen(0, address, listening));
    return (server.address() as AddressInfo).port;
  });
  const found = await Promise.all(ports);
  await Promise.all(servers.map(async (server) => await new Promise((closed) => server.close(closed))));
  return found;
}
