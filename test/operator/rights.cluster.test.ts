/** What the operator's own account may do: all of its work, and nothing else. By its own token, on a real API server. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobSpec } from "../../operator/job/job-spec.ts";
import { RUNNER, order } from "../../operator/job/order-fixture.ts";
import { clusterUp } from "../cluster/cluster.ts";
import type { Cluster } from "../cluster/provider.ts";
import { askWith } from "./ask.ts";
import type { Answer, Ask } from "./ask.ts";
import { minimalSpec, resource } from "./example.ts";
import { installOperator } from "./install.ts";
import type { Installed } from "./install.ts";
import { jobBreaches } from "./job-breaches.ts";
import type { JobObject } from "./job-breaches.ts";
import { rightsIn } from "./rights.ts";

const namespace = "shop";
const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
const migrations = `/apis/lockkeeper.dev/v1alpha1/namespaces/${namespace}/databasemigrations`;
const leases = "/apis/coordination.k8s.io/v1/namespaces/lockkeeper/leases";
const merge = { contentType: "application/merge-patch+json" };

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
  admin = await askWith(cluster.kubeconfig);
  operator = await askWith(installed.kubeconfig);
});
afterAll(async () => {
  for (const scope of [installed, cluster]) await scope?.[Symbol.asyncDispose]();
});

const aJob = (): JobObject => structuredClone(jobSpec(order(), RUNNER)) as unknown as JobObject;
const create = async (job: unknown): Promise<Answer> => await operator("POST", `${jobs}?dryRun=All`, job);

describe("the operator's account", () => {
  it("has exactly these rights where it watches", async () => {
    expect(await rightsIn(operator, namespace)).toEqual([
      "apps/deployments: get list watch",
      "apps/replicasets: get list watch",
      "batch/jobs: create delete get list watch",
      "events.k8s.io/events: create patch",
      "events: list",
      "lockkeeper.dev/databasemigrations/status: patch",
      "lockkeeper.dev/databasemigrations: get list watch",
      "pods/log: get",
      "pods: delete get list patch watch",
    ]);
  });

  it("has its lease where it runs, and elsewhere nothing", async () => {
    expect(await rightsIn(operator, "lockkeeper")).toEqual([
      "coordination.k8s.io/leases lockkeeper-operator: get update",
      "coordination.k8s.io/leases: create",
    ]);
    expect(await rightsIn(operator, "default")).toEqual([]);
  });

  it.each(["secrets", "configmaps"])("reads no %s", async (kind) => {
    const own = `/api/v1/namespaces/${namespace}/${kind}`;
    for (const path of [own, `${own}/web-db`, `${own}?watch=true`, `/api/v1/${kind}`]) {
      expect((await operator("GET", path)).status).toBe(403);
    }
  });

  it("does all of its work", async () => {
    expect((await admin("POST", migrations, resource("web", minimalSpec()))).status).toBe(201);
    const ok = async (...[method, path, body, options]: Parameters<Ask>) => {
      const answer = await operator(method, path, body, options);
      expect(answer.status, `${method} ${path}: ${answer.message}`).toBeLessThan(300);
    };
    const apps = `/apis/apps/v1/namespaces/${namespace}`;
    const events = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    for (const list of [migrations, jobs, `/api/v1/namespaces/${namespace}/pods`]) await ok("GET", list);
    for (const list of [`${apps}/deployments`, `${apps}/replicasets`]) await ok("GET", list);
    await ok("GET", `/api/v1/namespaces/${namespace}/events?fieldSelector=reason%3DFailedCreate`);
    await ok("PATCH", `${migrations}/web/status`, { status: { epoch: 1 } }, merge);
    await ok("POST", leases, leaseOf("lockkeeper-operator"));
    const lease = `${leases}/lockkeeper-operator`;
    await ok("PUT", lease, (await operator("GET", lease)).body);
    await ok("POST", events, eventOf("web.1"));
    const series = { count: 2, lastObservedTime: "2026-01-01T00:01:00.000000Z" };
    await ok("PATCH", `${events}/web.1`, { series }, merge);
    await ok("POST", jobs, aJob());
    await ok("DELETE", `${jobs}/${String(aJob().metadata["name"])}`, { propagationPolicy: "Background" });
  });

  it("has no other lease than its own", async () => {
    expect((await operator("POST", leases, leaseOf("of-another"))).status).toBe(201);
    expect((await operator("PUT", `${leases}/of-another`, leaseOf("of-another"))).status).toBe(403);
  });
});

describe("a Job of the operator's account", () => {
  const image = { from: "image", image: "ghcr.io/acme/web:1", pullPolicy: "IfNotPresent" } as const;
  const database = { urlFrom: { secretKeyRef: { name: "web-db", key: "url" } } };
  const ca = { name: "ca", key: "ca.crt" };
  it.each([
    ["an image volume", order()],
    ["a copy", order({ source: { ...image, copy: "InitContainer" } })],
    ["a ConfigMap", order({ source: { from: "configMap", name: "sql" } })],
    ["a check", order({ command: "status" })],
    ["a CA from a Secret", order({ spec: { database: { ...database, caFrom: { secretKeyRef: ca } } } })],
    ["a CA from a ConfigMap", order({ spec: { database: { ...database, caFrom: { configMapKeyRef: ca } } } })],
  ])("passes as the operator makes it: %s", async (_what, one) => {
    const answer = await create(jobSpec(one, RUNNER));
    expect(answer.status, answer.message).toBe(201);
  });

  it.each(jobBreaches)("is refused with $has", async ({ change, message }) => {
    const job = aJob();
    change(job);
    expect(await create(job)).toMatchObject({ status: 422, message: expect.stringContaining(message) });
    // It is the account that mustn't: others may.
    const others = await admin("POST", `${jobs}?dryRun=All`, job);
    expect(others.status, others.message).toBe(201);
  });

  it("is the only one that it deletes", async () => {
    const foreign = aJob();
    Object.assign(foreign.metadata, { name: "foreign", ownerReferences: [] });
    const older = aJob();
    Object.assign(older.metadata, { name: "of-an-older-version" });
    older.spec.template.spec["automountServiceAccountToken"] = true;
    for (const job of [foreign, older]) expect((await admin("POST", jobs, job)).status).toBe(201);
    expect(await operator("DELETE", `${jobs}/foreign`)).toMatchObject({
      status: 422,
      message: expect.stringContaining("the operator handles Jobs of a DatabaseMigration only"),
    });
    expect((await operator("DELETE", `${jobs}/of-an-older-version`)).status).toBe(200);
  });
});

const leaseOf = (name: string) => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { name },
  spec: { holderIdentity: "operator-0" },
});

const eventOf = (name: string) => ({
  apiVersion: "events.k8s.io/v1",
  kind: "Event",
  metadata: { name },
  eventTime: "2026-01-01T00:00:00.000000Z",
  reportingController: "lockkeeper.dev/operator",
  reportingInstance: "operator-0",
  ...{ action: "Migrate", reason: "Applied", type: "Normal", note: "once" },
  regarding: { apiVersion: "lockkeeper.dev/v1alpha1", kind: "DatabaseMigration", name: "web", namespace },
});
