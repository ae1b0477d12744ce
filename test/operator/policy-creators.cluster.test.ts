/** Whoever makes a DatabaseMigration runs Jobs by it: the policy asks for the right to, and for nothing else. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterUp } from "../cluster/cluster.ts";
import type { Cluster } from "../cluster/provider.ts";
import { askWith } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { minimalSpec, resource } from "./example.ts";
import { installOperator } from "./install.ts";
import type { Installed } from "./install.ts";
import { grant, person } from "./people.ts";
import { until } from "./until.ts";
import type { Person } from "./people.ts";

const namespace = "shop";
const collection = `/apis/lockkeeper.dev/v1alpha1/namespaces/${namespace}/databasemigrations`;
const group = "lockkeeper.dev";
const merge = { contentType: "application/merge-patch+json" };
const garbageCollector = "system:serviceaccount:kube-system:generic-garbage-collector";

const migrations = { apiGroups: [group], resources: ["databasemigrations", "databasemigrations/status"], verbs: ["*"] };
const jobs = { apiGroups: ["batch"], resources: ["jobs"], verbs: ["create"] };

let cluster: Cluster;
let installed: Installed;
let admin: Ask;
/** May make DatabaseMigrations and Jobs; DatabaseMigrations only; the same, and Jobs elsewhere. */
let owner: Person;
let tenant: Person;
let stranger: Person;

const refusal = (user: string): string =>
  `a DatabaseMigration runs Jobs: ${user} needs the right to create jobs.batch in the namespace ${namespace}`;

beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  admin = await askWith(cluster.kubeconfig);
  for (const name of [namespace, "elsewhere"]) {
    await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
  installed = await installOperator(cluster, {
    namespace: "lockkeeper",
    values: { watch: { namespaces: [namespace] } },
  });
  owner = await person(cluster, namespace, "owner", [migrations, jobs]);
  tenant = await person(cluster, namespace, "tenant", [migrations]);
  stranger = await person(cluster, namespace, "stranger", [migrations]);
  await grant(cluster, "elsewhere", stranger.user, [jobs]);
  // The API server takes a moment to know a policy.
  await until("the policy on creators holds", async () => {
    const probe = await tenant.ask("POST", `${collection}?dryRun=All`, resource("probe", minimalSpec()));
    return probe.status === 403;
  });
});
afterAll(async () => {
  for (const scope of [owner, tenant, stranger, installed, cluster]) await scope?.[Symbol.asyncDispose]();
});

const make = async (name: string, more: Record<string, unknown> = {}): Promise<void> => {
  const { metadata, ...rest } = resource(name, minimalSpec());
  const { status, message } = await admin("POST", collection, { ...rest, metadata: { ...metadata, ...more } });
  expect(status, message).toBe(201);
};

describe("who may not create Jobs in a namespace", () => {
  it("creates no DatabaseMigration there, and is told which right is missing", async () => {
    const answer = await tenant.ask("POST", collection, resource("of-a-tenant", minimalSpec()));
    expect(answer).toMatchObject({ status: 403, message: expect.stringContaining(refusal(tenant.user)) });
    expect((await admin("GET", `${collection}/of-a-tenant`)).status).toBe(404);
  });

  it("isn't helped by a right in another namespace", async () => {
    const answer = await stranger.ask("POST", collection, resource("of-a-stranger", minimalSpec()));
    expect(answer).toMatchObject({ status: 403, message: expect.stringContaining(refusal(stranger.user)) });
  });

  it("doesn't change the spec, neither by a patch nor by a put nor by an apply", async () => {
    await make("kept");
    const spec = { ...minimalSpec(), suspend: true };
    const answers = [
      await tenant.ask("PATCH", `${collection}/kept`, { spec: { suspend: true } }, merge),
      await tenant.ask("PUT", `${collection}/kept`, {
        ...(await admin("GET", `${collection}/kept`)).body,
        spec,
      }),
      await tenant.ask("PATCH", `${collection}/kept?fieldManager=t&force=true`, resource("kept", spec), {
        contentType: "application/apply-patch+yaml",
      }),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 403, message: expect.stringContaining(refusal(tenant.user)) });
    }
  });

  it("changes labels, annotations, finalizers and the status, puts the same spec again, and deletes", async () => {
    await make("open");
    const metadata = { labels: { team: "shop" }, annotations: { "lockkeeper.dev/retry": "1" }, finalizers: ["a.b/c"] };
    const path = `${collection}/open`;
    expect((await tenant.ask("PATCH", path, { metadata }, merge)).status).toBe(200);
    expect((await tenant.ask("PATCH", path, { metadata: { finalizers: null } }, merge)).status).toBe(200);
    expect((await tenant.ask("PATCH", `${path}/status`, { status: { epoch: 1 } }, merge)).status).toBe(200);
    expect((await tenant.ask("PUT", path, (await tenant.ask("GET", path)).body)).status).toBe(200);
    expect((await tenant.ask("DELETE", path)).status).toBe(200);
    expect((await tenant.ask("GET", path)).status).toBe(404);
  });

  it("is told the same by kubectl", async () => {
    await make("by-kubectl");
    await grant(cluster, namespace, "carol", [migrations]);
    const patch = ["patch", "dbm", "by-kubectl", "-n", namespace, "--type=merge", "--as=carol"];
    await expect(cluster.kubectl(...patch, '-p={"spec":{"suspend":true}}')).rejects.toThrow(refusal("carol"));
    expect(await cluster.kubectl(...patch, '-p={"metadata":{"labels":{"a":"b"}}}')).toContain("patched");
  });
});

describe("who may create Jobs in a namespace", () => {
  it("creates DatabaseMigrations there and changes them", async () => {
    const created = await owner.ask("POST", collection, resource("of-an-owner", minimalSpec()));
    expect(created.status, created.message).toBe(201);
    const path = `${collection}/of-an-owner`;
    expect((await owner.ask("PATCH", path, { spec: { suspend: true } }, merge)).status).toBe(200);
  });
});

describe("the garbage collector", () => {
  it("removes its finalizer, so that deletion in the foreground ends", async () => {
    await make("foreground");
    const path = `${collection}/foreground`;
    const deleted = await tenant.ask("DELETE", path, { propagationPolicy: "Foreground" });
    expect(deleted).toMatchObject({ status: 200, body: { metadata: { finalizers: ["foregroundDeletion"] } } });
    const removed = await admin("PATCH", path, { metadata: { finalizers: null } }, { ...merge, as: garbageCollector });
    expect(removed.status, removed.message).toBe(200);
    expect((await admin("GET", path)).status).toBe(404);
  });

  it("removes an owner that is gone, and deletes what is left without one", async () => {
    const gone = { apiVersion: "v1", kind: "ConfigMap", name: "gone", uid: "4f0c6f0a-0000-4000-8000-000000000001" };
    await make("owned", { ownerReferences: [gone, { ...gone, uid: gone.uid.replace(/1$/, "2") }] });
    const path = `${collection}/owned`;
    const as = { ...merge, as: garbageCollector };
    expect((await admin("PATCH", path, { metadata: { ownerReferences: [gone] } }, as)).status).toBe(200);
    expect((await admin("DELETE", path, undefined, as)).status).toBe(200);
    expect((await admin("GET", path)).status).toBe(404);
  });
});
