/**
 * The operator's account and pods: it opens its gate, deletes the pods of its runs, and nothing else, also where its Role
 * says more. Here it is given all rights on pods, so that what refuses it is the policy.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterUp } from "../cluster/cluster.ts";
import { podOf } from "../cluster/job.ts";
import type { Cluster } from "../cluster/provider.ts";
import { askWith } from "./ask.ts";
import type { Answer, Ask } from "./ask.ts";
import { installOperator } from "./install.ts";
import type { Installed } from "./install.ts";
import { grant } from "./people.ts";
import { until } from "./until.ts";

type Json = Record<string, unknown>;

const namespace = "shop";
const pods = `/api/v1/namespaces/${namespace}/pods`;
const strategic = { contentType: "application/strategic-merge-patch+json" };
const merge = { contentType: "application/merge-patch+json" };
const gate = "lockkeeper.dev/migration";
const open = { spec: { schedulingGates: [{ $patch: "delete", name: gate }] } };

const onlyTheGate = "the operator's update of a pod removes its scheduling gate and nothing else";
const onlyRuns = "the operator deletes pods of its runs only";
const onlyPods = "the operator updates and deletes pods, and nothing else of them";

const subresources = ["eviction", "binding", "exec", "ephemeralcontainers"];
const resources = ["pods", ...subresources.map((name) => `pods/${name}`)];

/** What admission gives every pod: tolerations can only be added to. */
const tolerations = ["not-ready", "unreachable"].map((taint) => ({
  key: `node.kubernetes.io/${taint}`,
  ...{ operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
}));

let cluster: Cluster;
let installed: Installed;
let admin: Ask;
let operator: Ask;

beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  installed = await installOperator(cluster, {
    namespace: "lockkeeper",
    values: { watch: { namespaces: [namespace] } },
  });
  await grant(cluster, namespace, installed.user, [{ apiGroups: [""], resources, verbs: ["*"] }]);
  admin = await askWith(cluster.kubeconfig);
  operator = await askWith(installed.kubeconfig);
  await until("the right to create pods, and the policy that takes it away", async () => {
    const { message } = await operator("POST", `${pods}?dryRun=All`, podNamed("probe"));
    return message.includes(onlyPods);
  });
});
afterAll(async () => {
  for (const scope of [installed, cluster]) await scope?.[Symbol.asyncDispose]();
});

const podNamed = (name: string, metadata: Json = {}, spec: Json = {}): Json => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, ...metadata },
  spec: {
    ...podOf({ image: "ghcr.io/acme/web:1" }, { initContainers: [{ name: "first", image: "ghcr.io/acme/first:1" }] }),
    schedulingGates: [{ name: gate }, { name: "other.dev/gate" }],
    ...spec,
  },
});

async function make(name: string, metadata: Json = {}, spec: Json = {}): Promise<string> {
  const { status, message } = await admin("POST", pods, podNamed(name, metadata, spec));
  expect(status, message).toBe(201);
  return `${pods}/${name}`;
}

const refused = (message: string) => ({ status: 422, message: expect.stringContaining(message) }) as Partial<Answer>;

describe("the operator's account", () => {
  it("opens its gate, and leaves that of another", async () => {
    const path = await make("gated");
    const opened = await operator("PATCH", path, open, strategic);
    expect(opened, opened.message).toMatchObject({
      status: 200,
      body: { spec: { schedulingGates: [{ name: "other.dev/gate" }] } },
    });
    // Again, as after an answer that got lost.
    expect((await operator("PATCH", path, open, strategic)).status).toBe(200);
  });

  it.each<[string, Json]>([
    ["the gate of another", { spec: { schedulingGates: [{ $patch: "delete", name: "other.dev/gate" }] } }],
    ["all gates", { spec: { schedulingGates: [{ $patch: "replace" }] } }],
    ["a label", { ...open, metadata: { labels: { app: "web" } } }],
    ["an annotation", { ...open, metadata: { annotations: { "a.b/c": "d" } } }],
    ["a finalizer", { ...open, metadata: { finalizers: ["a.b/c"] } }],
    ["an owner", { ...open, metadata: { ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "a", uid: "b" }] } }],
    ["an image", { ...open, spec: { ...open.spec, containers: [{ name: "main", image: "evil" }] } }],
    [
      "an init container's image",
      { ...open, spec: { ...open.spec, initContainers: [{ name: "first", image: "evil" }] } },
    ],
    ["a node selector", { ...open, spec: { ...open.spec, nodeSelector: { a: "b" } } }],
    [
      "a toleration",
      { ...open, spec: { ...open.spec, tolerations: [...tolerations, { key: "a", operator: "Exists" }] } },
    ],
    ["a deadline", { ...open, spec: { ...open.spec, activeDeadlineSeconds: 1 } }],
    [
      "an affinity",
      {
        ...open,
        spec: {
          ...open.spec,
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["a"] }] }],
              },
            },
          },
        },
      },
    ],
  ])("changes nothing else of a pod, like %s", async (what, patch) => {
    const path = await make(what.replaceAll(/[ ']/g, "-"));
    expect(await operator("PATCH", path, patch, strategic)).toMatchObject(refused(onlyTheGate));
    const others = await admin("PATCH", path, patch, strategic);
    expect(others.status, others.message).toBe(200);
  });

  it("changes no pod that runs", async () => {
    const path = await make("no-gates", {}, { schedulingGates: [] });
    const patch = { metadata: { labels: { app: "web" } } };
    expect(await operator("PATCH", path, patch, merge)).toMatchObject(refused(onlyTheGate));
  });

  it("deletes pods of its runs, and no others", async () => {
    const label = (value: string) => ({ labels: { "app.kubernetes.io/managed-by": value } });
    expect((await operator("DELETE", await make("of-a-run", label("lockkeeper-operator")))).status).toBe(200);
    expect(await operator("DELETE", await make("of-helm", label("Helm")))).toMatchObject(refused(onlyRuns));
    expect(await operator("DELETE", await make("of-nobody"))).toMatchObject(refused(onlyRuns));
    expect(await operator("DELETE", pods)).toMatchObject(refused(onlyRuns));
  });

  it("creates no pod, and enters none", async () => {
    const path = await make("entered", {}, { schedulingGates: [] });
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "entered" } };
    const binding = {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name: "entered" },
      target: { kind: "Node", name: "a" },
    };
    const ephemeralContainers = [{ name: "debugger", image: "busybox" }];
    const answers = [
      await operator("POST", pods, podNamed("new")),
      await operator("POST", `${path}/eviction`, eviction),
      await operator("POST", `${path}/binding`, binding),
      await operator("POST", `${path}/exec?command=sh`),
      await operator("PATCH", `${path}/ephemeralcontainers`, { spec: { ephemeralContainers } }, strategic),
    ];
    for (const answer of answers) expect(answer).toMatchObject(refused(onlyPods));
  });
});
