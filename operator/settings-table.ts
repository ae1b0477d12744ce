export type Variable = { name: string; value: string; default: string; description: string };

/** What the operator is told, by environment or flag: `--help` and the docs are made from it. */
export const VARIABLES = [
  {
    name: "LOCKKEEPER_NAMESPACES",
    value: "LIST",
    default: "",
    description: "The namespaces to work for, divided by commas. Empty: all of them, which needs cluster-wide rights.",
  },
  {
    name: "LOCKKEEPER_RUNNER_IMAGE",
    value: "IMAGE",
    default: "",
    description: "The image of the runs' Jobs. Required.",
  },
  {
    name: "LOCKKEEPER_RUNNER_PULL_POLICY",
    value: "POLICY",
    default: "IfNotPresent",
    description: "Always, IfNotPresent or Never, for the runner's image.",
  },
  {
    name: "POD_NAMESPACE",
    value: "NAME",
    default: "",
    description: "Where the operator runs: its lease is there. Required.",
  },
  {
    name: "POD_NAME",
    value: "NAME",
    default: "",
    description: "Who holds the lease. No two processes may have the same one at a time. Empty: a name of its own.",
  },
  {
    name: "LOCKKEEPER_LEASE_NAME",
    value: "NAME",
    default: "lockkeeper-operator",
    description: "The lease by which one of the replicas leads.",
  },
  {
    name: "LOCKKEEPER_CONCURRENCY",
    value: "NUMBER",
    default: "16",
    description: "How many resources are worked on at once, 1 to 256.",
  },
  {
    name: "LOCKKEEPER_HEALTH_PORT",
    value: "PORT",
    default: "8081",
    description: "Where /healthz and /readyz are served. 0: any free port, which the log tells.",
  },
  {
    name: "LOCKKEEPER_OPS_PORT",
    value: "PORT",
    default: "8080",
    description:
      "Where the ops endpoint, the dashboard and /metrics are served. 0: any free port, which the log tells.",
  },
  {
    name: "LOCKKEEPER_OPS_TOKEN_FILE",
    value: "FILE",
    default: "",
    description:
      "Holds the token of the ops endpoint and the dashboard, at least 16 characters; it may be rotated. Empty: neither is served.",
  },
  {
    name: "LOCKKEEPER_LOG_LEVEL",
    value: "LEVEL",
    default: "info",
    description: "debug, info, warn or error.",
  },
  {
    name: "KUBECONFIG",
    value: "FILE",
    default: "",
    description: "How to reach the cluster from outside of it. Empty: as a pod's service account.",
  },
] as const satisfies Variable[];

export type VariableName = (typeof VARIABLES)[number]["name"];

/** `LOCKKEEPER_LOG_LEVEL` is `--log-level`, `POD_NAME` is `--pod-name`. */
export const flagOf = (name: VariableName): string =>
  name
    .replace(/^LOCKKEEPER_/, "")
    .toLowerCase()
    .replaceAll("_", "-");
