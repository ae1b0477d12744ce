/** What only a cluster with its controllers tells of the policies: their types, and the real garbage collector. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { clusterUp } from "../cluster/cluster.ts";
import type { Cluster } from "../cluster/provider.ts";
import { askWith } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { minimalSpec, resource } from "./example.ts";
import { installOperator } from "./install.ts";
import type { Installed } from "./install.ts";
import { until } from "./until.ts";

const namespace = "shop";
const collection = `/apis/lockkeeper.dev/v1alpha1/namespaces/${namespace}/databasemigrations`;
const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;

let cluster: Cluster;
let installed: Installed;
let admin: Ask;

beforeAll(async () => {
  cluster = await clusterUp({ size: "full" });
  admin = await askWith(cluster.kubeconfig);
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  installed = await installOperator(cluster, {
    namespace: "lockkeeper",
    values: { watch: { namespaces: [namespace] } },
  });
}, 300_000);
afterAll(async () => {
  if (!cluster?.created) await cluster?.kubectl("delete", "namespace", namespace, "--wait=false");
  for (const scope of [installed, cluster]) await scope?.[Symbol.asyncDispose]();
});

type Policy = { metadata: { name: string }; status?: { typeChecking?: { expressionWarnings?: unknown[] } } };

it("the API server finds nothing wrong with the policies' expressions", async () => {
  const path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
  let policies: Policy[] = [];
  await until("the policies' types are checked", async () => {
    const { items } = (await admin("GET", path)).body as unknown as { items: Policy[] };
    policies = items.filter(({ metadata }) => metadata.name.startsWith("lockkeeper-lockkeeper-"));
    return policies.every(({ status }) => status?.typeChecking !== undefined);
  });
  expect(policies).toHaveLength(3);
  expect(policies.flatMap(({ status }) => status?.typeChecking?.expressionWarnings ?? [])).toEqual([]);
});

it.each(["Foreground", "Background"])("the garbage collector ends a deletion of the owner: %s", async (how) => {
  const name = `owner-${how.toLowerCase()}`;
  const made = await admin("POST", configMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
  const { uid } = made.body["metadata"] as { uid: string };
  const owner = { apiVersion: "v1", kind: "ConfigMap", name, uid, blockOwnerDeletion: true };
  const owned = resource(name, minimalSpec());
  Object.assign(owned.metadata, { ownerReferences: [owner] });
  expect((await admin("POST", collection, owned)).status).toBe(201);
  expect((await admin("DELETE", `${configMaps}/${name}`, { propagationPolicy: how })).status).toBe(200);
  await until("both are gone", async () => {
    const statuses = [
      (await admin("GET", `${collection}/${name}`)).status,
      (await admin("GET", `${configMaps}/${name}`)).status,
    ];
    return statuses.every((status) => status === 404);
  });
});

it("the garbage collector ends a deletion of a resource in the foreground, and takes its finalizer away", async () => {
  await admin("POST", collection, resource("foreground", minimalSpec()));
  const path = `${collection}/foreground`;
  const deleted = await admin("DELETE", path, { propagationPolicy: "Foreground" });
  expect(deleted.body).toMatchObject({ metadata: { finalizers: ["foregroundDeletion"] } });
  await until("it is gone", async () => (await admin("GET", path)).status === 404);
});

it("the garbage collector leaves a resource whose owner was deleted as an orphan, without the owner", async () => {
  const made = await admin("POST", configMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "left" } });
  const { uid } = made.body["metadata"] as { uid: string };
  const owned = resource("orphan", minimalSpec());
  Object.assign(owned.metadata, { ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "left", uid }] });
  expect((await admin("POST", collection, owned)).status).toBe(201);
  await admin("DELETE", `${configMaps}/left`, { propagationPolicy: "Orphan" });
  await until("it has no owner", async () => {
    const { metadata } = (await admin("GET", `${collection}/orphan`)).body as {
      metadata: { ownerReferences?: unknown };
    };
    return metadata.ownerReferences === undefined;
  });
});
