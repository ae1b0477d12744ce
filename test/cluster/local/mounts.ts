/** How the file system looks inside a node, so that nothing is written to the machine's own. */
import type { Folders } from "./components.ts";
import { nodeCommands } from "./network.ts";
import type { Network } from "./network.ts";

/** Short, and the same in each cluster: a Unix socket's path may have 107 characters. */
export const inside: Folders = {
  node: "/run/lockkeeper/node",
  certificates: "/run/lockkeeper/certificates",
  kubernetes: "/run/lockkeeper/kubernetes",
  containerd: "/run/lockkeeper/containerd",
  coredns: "/run/lockkeeper/coredns",
};

// Settings of the kernel that a kubelet insists on, and would change for the whole machine.
const kernel: Record<string, string> = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/keys/root_maxbytes": "25000000",
};

const kernelFile = (setting: string) => `kernel/${setting.replaceAll("/", ".")}`;

/** The files of a node's folder that are shown to the kubelet in the settings' place. */
export const kernelFiles: Record<string, string> = Object.fromEntries(
  Object.entries(kernel).map(([setting, value]) => [kernelFile(setting), `${value}\n`]),
);

/** What has to run inside a node before its components. `outside`: the same folders, as the harness sees them. */
export function nodeSetup(outside: Folders, network: Network, position: number): string[][] {
  const folders = Object.keys(inside) as (keyof Folders)[];
  return [
    // The kubelet hands mounts on to containers: that takes shared ones, of this namespace only.
    ["mount", "--make-rshared", "/"],
    ["mount", "-t", "tmpfs", "lockkeeper", "/run"],
    ["mkdir", "-p", "/run/netns", ...folders.map((folder) => inside[folder])],
    ...folders.map((folder) => ["mount", "--rbind", outside[folder], inside[folder]]),
    // Where programs write by habit: /var/lib/kubelet, /var/lib/cni, /var/log/containers.
    ...["/var/lib", "/var/log"].map((folder) => ["mount", "-t", "tmpfs", "lockkeeper", folder]),
    ...Object.keys(kernel).map((setting) => [
      ...["mount", "--bind", `${inside.node}/${kernelFile(setting)}`, `/proc/sys/${setting}`],
    ]),
    ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"],
    ...nodeCommands(network, position),
  ];
}
