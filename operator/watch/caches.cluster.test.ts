/** The caches as the operator has them, with the real CRD on a real API server. */
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { API_VERSION, KIND, LABEL, MANAGED_BY, PLURAL } from "../../contract/resource/names.ts";
import { clusterUp } from "../../test/cluster/cluster.ts";
import type { Cluster } from "../../test/cluster/provider.ts";
import type { Api } from "../api/api.ts";
import { connect } from "../api/connect.ts";
import { createApi } from "../api/request.ts";
import type { Deployment, Job } from "../kubernetes/objects.ts";
import { startCaches } from "./caches.ts";
import type { RawMigration } from "./migration.ts";

const CRD = new URL(`../../crds/lockkeeper.dev_${PLURAL}.yaml`, import.meta.url);
const SOON = { timeout: 20_000, interval: 20 };
const container = { name: "web", image: "web:1" };

let cluster: Cluster;
let api: Api;
beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  const connection = connect({ kubeconfig: cluster.kubeconfig, inCluster: false, userAgent: "test" }, now);
  api = createApi(connection);
});
afterAll(async () => await cluster.down());

describe("the caches", () => {
  it("of a cluster without the CRD tell that it is missing", async () => {
    const { synced } = watch(null);
    await expect(synced).rejects.toThrow(`install the CRD ${PLURAL}.lockkeeper.dev`);
  });

  it("find everything that belongs to a migration, and say whom each change concerns", async () => {
    await installCrd();
    const shop = await newNamespace();
    const { caches, keys } = watch(null);
    await caches.synced;
    const key = `${shop}/web`;
    const migration = await create<RawMigration>(`/apis/${API_VERSION}`, shop, PLURAL, migrationOf("web"));
    await expect.poll(() => keys.splice(0), SOON).toContain(key);
    expect(caches.migrations.by("workload", key).map(({ metadata }) => metadata.uid)).toEqual([migration.metadata.uid]);

    const deployment = await create<Deployment>("/apis/apps/v1", shop, "deployments", deploymentOf("web"));
    await expect.poll(() => keys.splice(0), SOON).toContain(key);
    const { uid } = deployment.metadata;
    const owned = ownedBy("apps/v1", "Deployment", "web", uid);
    await create("/apis/apps/v1", shop, "replicasets", deploymentOf("web-1", owned));
    await expect.poll(() => keys.splice(0), SOON).toContain(key);
    expect(caches.replicaSets.by("owner", uid).map(({ metadata }) => metadata.name)).toEqual(["web-1"]);
    expect(caches.deployments.get(key)?.spec.template.spec.containers).toEqual([container]);

    const labels = { [LABEL.managedBy]: MANAGED_BY, [LABEL.instance]: "web" };
    const ours = ownedBy(API_VERSION, KIND, "web", migration.metadata.uid);
    const job = await create<Job>("/apis/batch/v1", shop, "jobs", jobOf("run", { ...ours, labels }));
    caches.jobs.put(job);
    expect(caches.jobs.by("owner", migration.metadata.uid).map(({ metadata }) => metadata.name)).toEqual(["run"]);
    await create("/apis/batch/v1", shop, "jobs", jobOf("of-others", {}));
    const named = { ...labels, "batch.kubernetes.io/job-name": "run" };
    await create("/api/v1", shop, "pods", podOf("run-x", named));
    await expect.poll(() => caches.pods.by("job", `${shop}/run`).length, SOON).toBe(1);
    expect(keys.splice(0)).toContain(key);
    expect(caches.jobs.size).toBe(1);

    await api.request("DELETE", `/apis/batch/v1/namespaces/${shop}/jobs/run`, {
      query: { propagationPolicy: "Background" },
    });
    caches.jobs.remove(`${shop}/run`, job.metadata.uid);
    expect(caches.jobs.size).toBe(0);
    await api.request("DELETE", `/apis/${API_VERSION}/namespaces/${shop}/${PLURAL}/web`);
    await expect.poll(() => caches.migrations.get(key), SOON).toBe(undefined);
  });

  it("of two namespaces know nothing of a third", async () => {
    await installCrd();
    const [first, second, third] = [await newNamespace(), await newNamespace(), await newNamespace()];
    await create(`/apis/${API_VERSION}`, first, PLURAL, migrationOf("before"));
    const { caches, keys } = watch([first, second]);
    await caches.synced;
    for (const namespace of [third, first, second]) {
      await create(`/apis/${API_VERSION}`, namespace, PLURAL, migrationOf("web"));
    }
    const wanted = [`${first}/before`, `${first}/web`, `${second}/web`].toSorted();
    await expect.poll(() => [...new Set(keys)].toSorted(), SOON).toEqual(wanted);
    await caches.relist();
    expect(caches.migrations.size).toBe(3);
    expect(caches.isSynced()).toBe(true);
    expect(caches.freshAt()).toBeGreaterThan(0);
  });
});

function watch(namespaces: string[] | null) {
  const ending = new AbortController();
  onTestFinished(() => ending.abort(new Error("the test is over")));
  const keys: string[] = [];
  const onChange = (key: string): void => void keys.push(key);
  const caches = startCaches({ api, namespaces, onChange, signal: ending.signal, now });
  return { caches, keys, synced: caches.synced };
}

function now(): number {
  return performance.now();
}

async function installCrd(): Promise<void> {
  await cluster.kubectl("apply", "--server-side", "-f", fileURLToPath(CRD));
  const served = async () => await api.request("GET", `/apis/${API_VERSION}/${PLURAL}`).catch(() => null);
  await expect.poll(served, SOON).not.toBe(null);
}

async function newNamespace(): Promise<string> {
  const name = `test-${randomBytes(4).toString("hex")}`;
  await api.request("POST", "/api/v1/namespaces", { body: { metadata: { name } } });
  return name;
}

const create = async <T>(version: string, namespace: string, plural: string, body: unknown): Promise<T> =>
  await api.request<T>("POST", `${version}/namespaces/${namespace}/${plural}`, { body });

const migrationOf = (name: string) => ({
  ...{ apiVersion: API_VERSION, kind: KIND, metadata: { name } },
  spec: {
    database: { urlFrom: { secretKeyRef: { name: "db", key: "url" } } },
    source: { workload: { kind: "Deployment", name }, path: "/app/drizzle" },
  },
});

const deploymentOf = (name: string, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
  },
});

const jobOf = (name: string, metadata: object) => ({
  metadata: { name, ...metadata },
  spec: { template: { spec: { restartPolicy: "Never", containers: [container] } } },
});

const podOf = (name: string, labels: Record<string, string>) => ({
  metadata: { name, labels },
  spec: { automountServiceAccountToken: false, containers: [container] },
});

const ownedBy = (apiVersion: string, kind: string, name: string, uid: string) => ({
  ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
});
