import type { CommandName } from "./commands.ts";

export type Flag = {
  name: string;
  short: string;
  /** The value's form, such as FILE; "" for a switch. */
  value: string;
  /** As the help shows it. "" where there is none. */
  default: string;
  description: string;
  commands: readonly CommandName[];
};

const ALL = ["apply", "wait", "status", "retry", "open", "job"] as const;

/** The flags, once: parsing, `--help` and docs/kubectl.md are made from this table. */
export const FLAGS = [
  {
    name: "namespace",
    short: "n",
    value: "NAMESPACE",
    default: "",
    description: "The namespace. Without it: the context's, or the pod's own.",
    commands: ALL,
  },
  {
    name: "filename",
    short: "f",
    value: "FILE",
    default: "",
    description: "The resource as YAML or JSON; - reads standard input.",
    commands: ["apply"],
  },
  {
    name: "wait",
    short: "",
    value: "",
    default: "",
    description: "Wait for what becomes of it, as the command wait does.",
    commands: ["apply", "retry"],
  },
  {
    name: "for-image",
    short: "",
    value: "IMAGE",
    default: "",
    description: "The image of the release that is waited for, as it stands in the pod template.",
    commands: ["wait"],
  },
  {
    name: "timeout",
    short: "",
    value: "DURATION",
    default: "10m",
    description: "How long to wait; 0: without limit. What the operator runs goes on after it.",
    commands: ["apply", "wait", "retry"],
  },
  {
    name: "force-conflicts",
    short: "",
    value: "",
    default: "",
    description: "Take over fields that somebody else has set.",
    commands: ["apply"],
  },
  {
    name: "all-namespaces",
    short: "A",
    value: "",
    default: "",
    description: "Of all namespaces.",
    commands: ["status"],
  },
  {
    name: "json",
    short: "",
    value: "",
    default: "",
    description: "Print one JSON document.",
    commands: ["status"],
  },
  {
    name: "yes",
    short: "",
    value: "",
    default: "",
    description: "Do it, don't only tell.",
    commands: ["open"],
  },
  {
    name: "runner-image",
    short: "",
    value: "IMAGE",
    default: "",
    description: "The image of the runner. Without it: that of the resource's last Job, or of the operator.",
    commands: ["job"],
  },
  {
    name: "context",
    short: "",
    value: "NAME",
    default: "",
    description: "The kubeconfig's context. Without it: the current one.",
    commands: ALL,
  },
  {
    name: "kubeconfig",
    short: "",
    value: "FILE",
    default: "",
    description: "The kubeconfig. Without it: KUBECONFIG, ~/.kube/config, or in a pod its service account.",
    commands: ALL,
  },
] as const satisfies Flag[];

export type FlagName = (typeof FLAGS)[number]["name"];
