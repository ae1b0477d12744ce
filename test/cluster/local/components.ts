/** Which programs make a cluster, what each is told, when it may start and what tells that it is ready. Pure tables. */

/** How to tell that a component is ready: it has ended well, listens, or answers 200 with a text that matches. */
export type Ready =
  | { kind: "ended" }
  | { kind: "listens"; socket: string }
  | { kind: "answers"; url: string; matches?: string; certificate?: string };

export type Component = { name: string; command: string[]; needs: string[]; ready: Ready };

/** Where a component finds its files. Inside a node's mounts these are other paths than outside. */
export type Folders = { node: string; certificates: string; kubernetes: string; containerd: string; coredns: string };

/** What the API server answers to, and where etcd listens. */
export type Endpoint = { address: string; port: number; etcd: number; etcdPeers: number };

export function controlPlane(at: Folders, endpoint: Endpoint, more: string[]): Component[] {
  const certificate = (name: string) => `${at.certificates}/${name}`;
  const etcd = `http://127.0.0.1:${endpoint.etcd}`;
  const peers = `http://127.0.0.1:${endpoint.etcdPeers}`;
  return [
    {
      name: "etcd",
      needs: [],
      ready: { kind: "answers", url: `${etcd}/health`, matches: '"health":"true"' },
      command: [
        ...[`${at.kubernetes}/kubernetes`, "etcd", `--data-dir=${at.node}/etcd`, "--log-level=warn"],
        // The data lives as long as the cluster: waiting for the disk would only cost time.
        ...["--unsafe-no-fsync", `--listen-client-urls=${etcd}`, `--advertise-client-urls=${etcd}`],
        ...[`--listen-peer-urls=${peers}`, `--initial-advertise-peer-urls=${peers}`],
        `--initial-cluster=default=${peers}`,
      ],
    },
    {
      name: "kube-apiserver",
      needs: ["etcd"],
      ready: { kind: "answers", url: `https://${endpoint.address}:${endpoint.port}/readyz` },
      command: [
        ...[`${at.kubernetes}/kubernetes`, "kube-apiserver", `--etcd-servers=${etcd}`, "--allow-privileged"],
        ...[`--secure-port=${endpoint.port}`, `--advertise-address=${endpoint.address}`],
        ...[`--tls-cert-file=${certificate("kube-apiserver.crt")}`, `--client-ca-file=${certificate("ca.crt")}`],
        `--tls-private-key-file=${certificate("kube-apiserver.key")}`,
        `--service-account-key-file=${certificate("service-accounts.pub")}`,
        `--service-account-signing-key-file=${certificate("service-accounts.key")}`,
        ...["--service-account-issuer=https://kubernetes.default.svc", "--authorization-mode=Node,RBAC", ...more],
      ],
    },
  ];
}

/** The API server's part in a cluster with nodes. */
export function apiServerWithNodes(at: Folders, services: string): string[] {
  return [
    ...["--bind-address=0.0.0.0", `--service-cluster-ip-range=${services}`],
    "--enable-admission-plugins=NodeRestriction",
    `--kubelet-client-certificate=${at.certificates}/admin.crt`,
    `--kubelet-client-key=${at.certificates}/admin.key`,
    // By its name no node is found: it stands in no DNS.
    "--kubelet-preferred-address-types=InternalIP",
  ];
}

/** The API server's part in a cluster without: nobody makes service accounts, so pods can't be asked to have one. */
export const apiServerAlone = [
  ...["--bind-address=127.0.0.1", "--service-cluster-ip-range=10.96.0.0/16"],
  ...["--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none"],
];

/** What the first node runs beside the API server. */
export function controllers(at: Folders): Component[] {
  const program = `${at.kubernetes}/kubernetes`;
  const kubeconfig = `${at.node}/admin.kubeconfig`;
  return [
    {
      name: "kube-controller-manager",
      needs: ["kube-apiserver"],
      ready: { kind: "answers", url: "https://127.0.0.1:10257/healthz" },
      command: [
        ...[program, "kube-controller-manager", `--kubeconfig=${kubeconfig}`, "--leader-elect=false"],
        ...["--bind-address=127.0.0.1", `--root-ca-file=${at.certificates}/ca.crt`],
        `--service-account-private-key-file=${at.certificates}/service-accounts.key`,
      ],
    },
    {
      name: "kube-scheduler",
      needs: ["kube-apiserver"],
      ready: { kind: "answers", url: "https://127.0.0.1:10259/healthz" },
      command: [
        ...[program, "kube-scheduler", `--kubeconfig=${kubeconfig}`, "--leader-elect=false"],
        "--bind-address=127.0.0.1",
      ],
    },
    {
      name: "coredns",
      needs: ["kube-apiserver"],
      ready: { kind: "answers", url: "http://127.0.0.1:8181/ready" },
      command: [`${at.coredns}/coredns`, "-conf", `${at.node}/Corefile`],
    },
  ];
}

/** What every node runs. A need that is not among a node's own components is another node's, which is up by then. */
export function node(at: Folders, name: string, address: string, server: string): Component[] {
  const program = `${at.kubernetes}/kubernetes`;
  const socket = `${at.node}/containerd.sock`;
  const ready = '"type":\\s*"Ready",\\s*"status":\\s*"True"|"status":\\s*"True",[^}]*"type":\\s*"Ready"';
  return [
    {
      name: "containerd",
      needs: [],
      ready: { kind: "listens", socket },
      command: [`${at.containerd}/containerd`, "--config", `${at.node}/containerd.toml`],
    },
    {
      name: "pause-image",
      needs: ["containerd"],
      ready: { kind: "ended" },
      command: [`${at.containerd}/ctr`, "-a", socket, "-n", "k8s.io", "images", "import", `${at.node}/pause.tar`],
    },
    {
      name: "kube-proxy",
      needs: ["kube-apiserver"],
      ready: { kind: "listens", socket: "127.0.0.1:10256" },
      command: [program, "kube-proxy", `--config=${at.node}/kube-proxy.json`],
    },
    {
      name: "kubelet",
      needs: ["pause-image", "kube-apiserver"],
      ready: {
        kind: "answers",
        url: `${server}/api/v1/nodes/${name}`,
        matches: ready,
        certificate: `${at.certificates}/admin`,
      },
      command: [
        ...[program, "kubelet", `--config=${at.node}/kubelet.json`, `--kubeconfig=${at.node}/kubelet.kubeconfig`],
        ...[`--hostname-override=${name}`, `--node-ip=${address}`, `--root-dir=${at.node}/kubelet`],
      ],
    },
  ];
}
