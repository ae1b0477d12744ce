import { describe, expect, it } from "vitest";
import { API_VERSION, KIND, LABEL } from "../../contract/resource/names.ts";
import type { KubernetesObject, Meta } from "../kubernetes/objects.ts";
import { ofDeployment, ofJob, ofMigration, ofPod, ofReplicaSet } from "./enqueue.ts";
import { databaseOf, workloadOf } from "./migration.ts";
import type { RawMigration } from "./migration.ts";
import { createStore } from "./store.ts";
import type { Change } from "./store.ts";

const object = (name: string, meta: Partial<Meta> = {}): KubernetesObject => ({
  metadata: { name, namespace: "shop", uid: name, resourceVersion: "1", creationTimestamp: "", ...meta },
});
const migration = (name: string, { workload = "web", system = "", namespace = "shop" } = {}): RawMigration => ({
  ...object(name, { namespace, uid: `${namespace}-${name}` }),
  spec: { source: { workload: { name: workload } } },
  status: { database: { systemIdentifier: system, name: "app", oid: 5 } },
});
const owned = (kind: string, owner: string, apiVersion = API_VERSION): Partial<Meta> => ({
  ownerReferences: [{ apiVersion, kind, name: owner, uid: "u", controller: true }],
});
const added = <T>(after: T): Change<T> => ({ before: null, after, own: false });

function stored(...migrations: RawMigration[]) {
  const store = createStore<RawMigration, "workload" | "database">({
    indexes: { workload: workloadOf, database: databaseOf },
    trim: (kept) => kept,
    onChange: () => {},
  });
  for (const each of migrations) store.event("ADDED", each);
  return store;
}

describe("a changed migration", () => {
  it("concerns itself, also when it is gone", () => {
    expect(ofMigration(added(migration("web")), stored())).toEqual(["shop/web"]);
    expect(ofMigration({ before: migration("web"), after: null, own: false }, stored())).toEqual(["shop/web"]);
  });

  it("concerns those that share its old or its new database", () => {
    const [before, after] = [migration("web", { system: "old" }), migration("web", { system: "new" })];
    const leaves = migration("left", { system: "old", namespace: "office" });
    const store = stored(after, leaves, migration("met", { system: "new" }), migration("far", { system: "other" }));
    const keys = ofMigration({ before, after, own: false }, store);
    expect(keys.toSorted()).toEqual(["office/left", "shop/met", "shop/web"]);
    expect(ofMigration({ before, after, own: true }, store).toSorted()).toEqual(["office/left", "shop/met"]);
    expect(ofMigration({ before: after, after, own: false }, store)).toEqual(["shop/web"]);
  });

  it("doesn't concern itself when its status was written here, unless somebody else has written too", () => {
    const before = migration("web");
    const written = { ...before, metadata: { ...before.metadata, resourceVersion: "2" } };
    expect(ofMigration({ before, after: written, own: true }, stored())).toEqual([]);
    const others: Partial<Meta>[] = [
      { generation: 2 },
      { annotations: { "lockkeeper.dev/retry": "1" } },
      { deletionTimestamp: "2026-01-01T00:00:00Z" },
      { uid: "another" },
    ];
    for (const meta of others) {
      const after = { ...written, metadata: { ...written.metadata, ...meta } };
      expect(ofMigration({ before, after, own: true }, stored())).toEqual(["shop/web"]);
    }
  });
});

describe("a change of something else", () => {
  it("of a Job concerns the migration that controls it, and no other kind's owner", () => {
    expect(ofJob(added(object("job", owned(KIND, "web"))))).toEqual(["shop/web"]);
    expect(ofJob(added(object("job", owned("CronJob", "web", "batch/v1"))))).toEqual([]);
    expect(ofJob(added(object("job", owned(KIND, "web", "example.com/v1"))))).toEqual([]);
    expect(ofJob(added(object("job")))).toEqual([]);
  });

  it("of a Job that was created here is no news until somebody works on it", () => {
    const job = object("job", owned(KIND, "web"));
    expect(ofJob({ before: null, after: job, own: true })).toEqual([]);
    expect(ofJob({ before: null, after: { ...job, status: { active: 1 } }, own: true })).toEqual(["shop/web"]);
    expect(ofJob({ before: job, after: null, own: true })).toEqual(["shop/web"]);
  });

  it("of a pod concerns the migration of its label, in its own namespace", () => {
    expect(ofPod(added(object("pod", { labels: { [LABEL.instance]: "web" } })))).toEqual(["shop/web"]);
    expect(ofPod(added(object("pod", { labels: { [LABEL.instance]: "" } })))).toEqual([]);
    expect(ofPod(added(object("pod")))).toEqual([]);
  });

  it("of a Deployment or its ReplicaSet concerns those that follow it", () => {
    const store = stored(migration("a"), migration("b"), migration("c", { workload: "worker" }));
    expect(ofDeployment(added(object("web")), store)).toEqual(["shop/a", "shop/b"]);
    expect(ofDeployment(added(object("web", { namespace: "office" })), store)).toEqual([]);
    const replicaSet = object("web-5d4f", owned("Deployment", "web", "apps/v1"));
    expect(ofReplicaSet(added(replicaSet), store)).toEqual(["shop/a", "shop/b"]);
    expect(ofReplicaSet(added(object("web-5d4f", owned("Rollout", "web", "argoproj.io/v1alpha1"))), store)).toEqual([]);
  });

  it("to another owner concerns the old and the new one", () => {
    const change = { before: object("job", owned(KIND, "old")), after: object("job", owned(KIND, "new")), own: false };
    expect(ofJob(change)).toEqual(["shop/old", "shop/new"]);
  });
});

describe("the indexes", () => {
  it("leave out what isn't as it should be", () => {
    expect(workloadOf({ ...migration("web"), spec: null })).toBe(null);
    expect(workloadOf({ ...migration("web"), spec: { source: { image: { ref: "x" } } } })).toBe(null);
    expect(databaseOf(migration("web"))).toBe(null);
    expect(databaseOf({ ...migration("web"), status: { database: "text" } })).toBe(null);
    expect(databaseOf(migration("web", { system: "7" }))).toBe("7/5");
  });
});
