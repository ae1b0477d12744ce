/** The chart as far as it goes: what its values change, and that the operator works with what it installs. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { definition } from "../../build/crd/definition.ts";
import { clusterUp } from "../cluster/cluster.ts";
import type { Cluster } from "../cluster/provider.ts";
import { askWith } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { render } from "./helm.ts";
import type { Manifest } from "./helm.ts";
import { installOperator } from "./install.ts";
import { startOperator } from "./operator-process.ts";
import { rightsIn } from "./rights.ts";

let cluster: Cluster;
let admin: Ask;

beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  admin = await askWith(cluster.kubeconfig);
  for (const name of ["shop", "depot"]) {
    await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
});
afterAll(async () => await cluster?.[Symbol.asyncDispose]());

const chart = async (values: Record<string, unknown> = {}): Promise<Manifest[]> =>
  await render("lockkeeper", { namespace: "ops", values });
const kinds = (objects: Manifest[]): string[] => [...new Set(objects.map(({ kind }) => kind))].toSorted();

describe("the operator, with the rights of the chart", () => {
  it("works for a list of namespaces", async () => {
    const values = { watch: { namespaces: ["shop", "depot"] } };
    await using installed = await installOperator(cluster, { namespace: "of-a-list", values });
    const ask = await askWith(installed.kubeconfig);
    for (const namespace of ["shop", "depot"]) expect(await rightsIn(ask, namespace)).toHaveLength(9);
    await using operator = await startOperator({ ...installed, watch: ["shop", "depot"] });
    expect(await operator.stop()).toEqual({ code: 0, signal: null });
  });

  it("works for the namespace that it runs in", async () => {
    await using installed = await installOperator(cluster, { namespace: "of-its-own" });
    expect(await rightsIn(await askWith(installed.kubeconfig), "of-its-own")).toHaveLength(11);
    await using operator = await startOperator({ ...installed, watch: ["of-its-own"] });
    expect(await operator.stop()).toEqual({ code: 0, signal: null });
  });

  it("works for all namespaces", async () => {
    const values = { watch: { allNamespaces: true } };
    await using installed = await installOperator(cluster, { namespace: "of-all", values });
    const rights = await rightsIn(await askWith(installed.kubeconfig), "default");
    expect(rights).toHaveLength(9);
    expect(rights.join()).not.toContain("leases");
    await using operator = await startOperator(installed);
    expect(await operator.stop()).toEqual({ code: 0, signal: null });
  });

  it("can do without the right to read logs, where it isn't given", async () => {
    const values = { watch: { namespaces: ["shop"] }, rbac: { podLogs: false } };
    await using installed = await installOperator(cluster, { namespace: "without-logs", values });
    expect((await rightsIn(await askWith(installed.kubeconfig), "shop")).join()).not.toContain("pods/log");
    await using operator = await startOperator({ ...installed, watch: ["shop"] });
    expect(await operator.stop()).toEqual({ code: 0, signal: null });
  });

  it("says so where a right is missing, and the test that it is in fails", async () => {
    await using installed = await installOperator(cluster, {
      namespace: "of-another",
      values: { watch: { namespaces: ["shop"] } },
    });
    const operator = await startOperator({ ...installed, watch: ["depot"], wait: false });
    expect((await operator.ended).code).toBe(78);
    expect(JSON.stringify(operator.lines)).toContain("depot");
    await expect(operator[Symbol.asyncDispose]()).rejects.toThrow("The operator lacks a right");
  });
});

it("an installation goes with its scope from a cluster that the test didn't start, but for the CRD", async () => {
  const everything = "validatingadmissionpolicies,validatingadmissionpolicybindings,roles,rolebindings,serviceaccounts";
  const ours = async (): Promise<string> =>
    await cluster.kubectl("get", everything, "-A", "-l=app.kubernetes.io/instance=lockkeeper", "-o=name");
  const before = await ours();
  {
    await using _installed = await installOperator({ ...cluster, created: false }, { namespace: "passing" });
    expect(await ours()).toContain("lockkeeper-passing-jobs");
  }
  expect(await ours()).toBe(before);
  expect(await cluster.kubectl("get", "crd", "-o=name")).toContain("databasemigrations.lockkeeper.dev");
});

describe("the chart", () => {
  it("has two replicas whose pods a restricted namespace takes", async () => {
    const rendered = await chart();
    await cluster.apply(...rendered.filter(({ kind }) => kind === "PriorityClass"));
    const deployment = rendered.find(({ kind }) => kind === "Deployment") as Manifest & {
      spec: { replicas: number; template: { metadata: object; spec: object } };
    };
    const { replicas, template } = deployment.spec;
    expect(replicas).toBe(2);
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "restricted", labels } });
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...template.metadata, name: "probe" },
      spec: template.spec,
    };
    expect(template.spec).toMatchObject({ priorityClassName: "lockkeeper-ops" });
    const answer = await admin("POST", "/api/v1/namespaces/restricted/pods?dryRun=All&fieldValidation=Strict", pod);
    expect(answer.status, answer.message).toBe(201);
  });

  it("is taken whole by the API server, with every value given", async () => {
    const rendered = await chart({
      image: {
        repository: "registry.example.com/lockkeeper",
        digest: `sha256:${"0".repeat(64)}`,
        pullPolicy: "Always",
      },
      ...{ imagePullSecrets: [{ name: "registry" }], runnerImage: "registry.example.com/runner:1", replicas: 3 },
      ...{ logLevel: "debug", watch: { namespaces: ["shop", "depot", "shop"] } },
      serviceAccount: { name: "keeper", annotations: { a: "b" } },
      resources: { limits: { cpu: "1" } },
      ...{ nodeSelector: { a: "b" }, tolerations: [{ operator: "Exists" }], priorityClassName: "high" },
      ...{ podLabels: { c: "d" }, podAnnotations: { e: "f" } },
      affinity: { podAntiAffinity: {} },
      networkPolicy: { apiServer: { ports: [6443], addresses: ["10.0.0.1/32", "fd00::/8"] } },
      topologySpreadConstraints: [{ topologyKey: "zone", maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" }],
      test: { databaseUrlSecret: { name: "test-db", key: "url" } },
    });
    await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "ops" } });
    await cluster.apply(...rendered);
    expect(
      rendered
        .filter(({ kind, metadata }) => kind === "Role" && metadata.annotations === undefined)
        .map(({ metadata }) => metadata.namespace)
        .toSorted(),
    ).toEqual([...["depot", "ops", "shop"]]);
    expect(JSON.stringify(rendered)).toContain(`registry.example.com/lockkeeper@sha256:${"0".repeat(64)}`);
  });

  it("keeps the CRD when it is uninstalled, and has the one that is committed", async () => {
    const crd = (await chart()).find(({ kind }) => kind === "CustomResourceDefinition");
    expect(crd?.metadata.annotations).toEqual({ "helm.sh/resource-policy": "keep" });
    expect(crd?.["spec"]).toEqual(definition.spec);
  });

  it("leaves out what is switched off", async () => {
    const guards = ["NetworkPolicy", "PodDisruptionBudget"];
    const all = ["ServiceAccount", "Deployment", "Role", "RoleBinding", "Service", ...guards];
    const policies = ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "PriorityClass"];
    expect(kinds(await chart())).toEqual([...all, ...policies, "CustomResourceDefinition"].toSorted());
    expect(kinds(await chart({ crds: { enabled: false } }))).toEqual([...all, ...policies].toSorted());
    const off = { enabled: false };
    const withoutGuards = {
      ...{ networkPolicy: off, podDisruptionBudget: off, admissionPolicies: off, ops: off },
      priorityClass: { create: false },
    };
    expect(kinds(await chart({ crds: off, rbac: { create: false }, ...withoutGuards }))).toEqual([
      "Deployment",
      "ServiceAccount",
    ]);
    const wide = kinds(await chart({ watch: { allNamespaces: true } }));
    expect(wide).toEqual(expect.arrayContaining(["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"]));
  });

  it("never gives a right on Secrets or ConfigMaps", async () => {
    for (const watch of [{ namespaces: ["shop"] }, { allNamespaces: true }]) {
      const roles = (await chart({ watch })).filter(({ kind }) => kind.endsWith("Role"));
      expect(roles).toHaveLength(2);
      expect(JSON.stringify(roles)).not.toMatch(/secrets|configmaps|"\*"/);
    }
  });
});
