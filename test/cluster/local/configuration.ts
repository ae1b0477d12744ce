/** The configuration files of a node's components, as text by file name. Pure. */
import type { Folders } from "./components.ts";
import type { NodeNetwork } from "./network.ts";

export type NodeFacts = { network: NodeNetwork; clusterPods: string; dns: string; cgroup: string };

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

export function nodeFiles(at: Folders, facts: NodeFacts): Record<string, string> {
  return {
    "containerd.toml": containerd(at),
    "cni/10-lockkeeper.conflist": json(podNetwork(at, facts.network)),
    "kubelet.json": json(kubelet(at, facts)),
    "kube-proxy.json": json(kubeProxy(at, facts)),
    "resolv.conf": "",
  };
}

/** DNS for pods: the cluster's own names only. Pods can't reach what is outside, so no other name would be of use. */
export function corefile(at: Folders, address: string): string {
  return `.:53 {
  bind ${address}
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${at.node}/admin.kubeconfig test
    ttl 1
  }
}
`;
}

/** `restrict_oom_score_adj`: without CAP_SYS_RESOURCE, as in many containers, runc can't lower a score, and fails. */
function containerd(at: Folders): string {
  return `version = 3
root = "${at.node}/containerd/root"
state = "${at.node}/containerd/state"

[grpc]
  address = "${at.node}/containerd.sock"

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "localhost/pause:1"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true

  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "${at.node}/cni"

  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`;
}

function podNetwork(at: Folders, network: NodeNetwork) {
  const ipam = {
    type: "host-local",
    dataDir: `${at.node}/addresses`,
    ranges: [[{ subnet: network.pods, gateway: network.podGateway }]],
    routes: [{ dst: "0.0.0.0/0" }],
  };
  return {
    cniVersion: "0.4.0",
    name: "lockkeeper",
    plugins: [
      { type: "bridge", bridge: "pods", isGateway: true, ipMasq: true, hairpinMode: true, ipam },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

function kubelet(at: Folders, { network, dns, cgroup }: NodeFacts) {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: network.address,
    authentication: {
      x509: { clientCAFile: `${at.certificates}/ca.crt` },
      webhook: { enabled: true },
      anonymous: { enabled: false },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: `${at.certificates}/${network.name}.crt`,
    tlsPrivateKeyFile: `${at.certificates}/${network.name}.key`,
    containerRuntimeEndpoint: `unix://${at.node}/containerd.sock`,
    clusterDNS: [dns],
    clusterDomain: "cluster.local",
    resolvConf: `${at.node}/resolv.conf`,
    podLogsDir: `${at.node}/pod-logs`,
    volumePluginDir: `${at.node}/volume-plugins`,
    // Its own: a kubelet removes the pods' cgroups that it doesn't know, another cluster's among them.
    cgroupRoot: cgroup,
    cgroupDriver: "cgroupfs",
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    oomScoreAdj: 0,
    // The machine is not this cluster's: how full its disk is must not evict pods.
    imageGCHighThresholdPercent: 100,
    evictionHard: {
      "memory.available": "100Mi",
      "nodefs.available": "1%",
      "imagefs.available": "1%",
      "nodefs.inodesFree": "1%",
    },
    // Seconds matter more to a test than calls do.
    syncFrequency: "10s",
    nodeStatusUpdateFrequency: "5s",
  };
}

function kubeProxy(at: Folders, { network, clusterPods }: NodeFacts) {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clientConnection: { kubeconfig: `${at.node}/admin.kubeconfig` },
    mode: "nftables",
    // A service's pod on the client's own bridge would answer past the rules, with an address the client doesn't know.
    nftables: { masqueradeAll: true },
    hostnameOverride: network.name,
    clusterCIDR: clusterPods,
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
    bindAddress: network.address,
    oomScoreAdj: 0,
    conntrack: { maxPerCore: 0, min: 0 },
  };
}
