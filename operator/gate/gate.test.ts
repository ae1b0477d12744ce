import { expect, test } from "vitest";
import { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { Release } from "../../contract/resource/status.ts";
import type { Deployment, GatedPod, ReplicaSet } from "../kubernetes/objects.ts";
import { readLedger } from "../reconcile/ledger.ts";
import type { Ledger } from "../reconcile/ledger.ts";
import { wantedOf } from "../release/target.ts";
import { gatesOf } from "./gate.ts";
import type { Gated } from "./gate.ts";
import { needOf } from "./resolve.ts";
import { warningsOf } from "./warnings.ts";

const meta = (name: string) => ({
  name,
  namespace: "shop",
  uid: `uid-${name}`,
  resourceVersion: "1",
  creationTimestamp: "",
});
const owner = (kind: string, name: string) => ({
  apiVersion: "apps/v1",
  kind,
  name,
  uid: `uid-${name}`,
  controller: true,
});

const resource = (source: Record<string, unknown> = { workload: { name: "web" } }) =>
  DatabaseMigration.parse({
    metadata: { ...meta("web"), generation: 1 },
    spec: {
      database: { urlFrom: { secretKeyRef: { name: "db", key: "URL" } } },
      source: { path: "/app/drizzle", ...source },
    },
  });

const pod = (controller: ReturnType<typeof owner> | null, annotations: Record<string, string> = {}): GatedPod => ({
  metadata: { ...meta("web-1-x"), annotations, ownerReferences: controller === null ? [] : [controller] },
  spec: { schedulingGates: [{ name: "lockkeeper.dev/migration" }] },
});

const replicaSet = (deployment: string, image = "web:1", container = "web"): ReplicaSet => ({
  metadata: { ...meta("web-1"), ownerReferences: [owner("Deployment", deployment)] },
  spec: { template: { spec: { containers: [{ name: container, image }] } } },
});

const ofSet = owner("ReplicaSet", "web-1");

test.each([
  ["a pod of its own", pod(null), null, "GateUnsupported"],
  ["a StatefulSet's", pod(owner("StatefulSet", "web")), null, "GateUnsupported"],
  ["a ReplicaSet that isn't known", pod(ofSet), null, "ReplicaSetNotFound"],
] as const)("%s is held", (_what, one, set, reason) => {
  expect(needOf(resource(), one, { replicaSet: set, followed: [] })).toMatchObject({ is: "none", reason });
});

test("a resource that follows no Deployment opens no gate", () => {
  const need = needOf(resource({ image: { ref: "web:1" } }), pod(ofSet), {
    replicaSet: replicaSet("web"),
    followed: [],
  });
  expect(need).toMatchObject({ is: "none", reason: "GateNeedsWorkload" });
});

test("a pod of the followed Deployment needs its own ReplicaSet's release, one of another the image", () => {
  expect(needOf(resource(), pod(ofSet), { replicaSet: replicaSet("web"), followed: [] })).toMatchObject({
    is: "release",
  });
  const worker = replicaSet("worker", "web:1", "worker");
  expect(needOf(resource(), pod(ofSet), { replicaSet: worker, followed: [replicaSet("web")] })).toMatchObject({
    is: "image",
    image: "web:1",
    keys: [expect.any(String)],
  });
  const named = needOf(resource(), pod(ofSet, { "lockkeeper.dev/container": "sidecar" }), {
    replicaSet: worker,
    followed: [replicaSet("web")],
  });
  expect(named).toMatchObject({ is: "none", reason: "ContainerNotFound" });
});

test("a pod that names more resources than are looked at is held by all of them", () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `db-${index}`).join();
  const need = (count: number) =>
    needOf(resource(), pod(ofSet, { "lockkeeper.dev/migration": names(count) }), {
      replicaSet: replicaSet("web"),
      followed: [],
    });
  expect(need(20)).toMatchObject({ is: "release" });
  expect(need(21)).toMatchObject({ is: "none", reason: "TooManyMigrations" });
});

test("a pod of a Deployment that was deleted comes after those of the one that is there now", () => {
  const old = replicaSet("web");
  old.metadata.annotations = { "deployment.kubernetes.io/revision": "7" };
  const fresh = { ...replicaSet("web"), metadata: { ...meta("web-2"), uid: "uid-new" } };
  const revision = (followed: ReplicaSet[]) => needOf(resource(), pod(ofSet), { replicaSet: old, followed });
  expect(revision([old])).toMatchObject({ wanted: { revision: 7 } });
  expect(revision([fresh])).toMatchObject({ wanted: { revision: 0 } });
});

test("a worker's pinned image may be proved by a ReplicaSet that is gone", () => {
  const image = `web@sha256:${"0".repeat(64)}`;
  const worker = replicaSet("worker", image, "worker");
  const need = needOf(resource(), pod(ofSet), { replicaSet: worker, followed: [] });
  const web = wantedOf(resource(), replicaSet("web", image), 0);
  expect(need).toMatchObject({ is: "image", keys: [web?.key] });
});

function gated(need: Gated["need"], unproved: string[] = []): Gated {
  return { pod: { name: "p", uid: "u", resourceVersion: "1" }, deployment: null, need, unproved };
}

const keysOf = (need: Gated["need"]): string[] => (need.is === "release" ? [need.wanted.key] : []);

const said = { name: "web", reason: "Running", message: "3 of 12: 0007_add_sets" };

function ledger(changes: Partial<Release> | null): { ledger: Ledger; need: Gated["need"] } {
  const migration = resource();
  const wanted = wantedOf(migration, replicaSet("web"), 0);
  if (wanted === null) throw new Error("no release");
  const release: Release = {
    ...{ key: wanted.key, revision: 1, image: "web:1", version: "0007", epoch: 1, attempt: 1, job: "j", runId: "r" },
    ...{ state: "Applied" as const, failures: 0 },
    ...changes,
  };
  const releases = changes === null ? [] : [release];
  return { ledger: { ...readLedger(migration), releases }, need: { is: "release", wanted } };
}

test.each([
  ["applied", {}, true],
  ["applied before a recheck", { epoch: 0 }, false],
  ["running", { state: "Running" as const }, false],
  ["failed", { state: "Failed" as const, reason: "MigrationFailed", message: "no" }, false],
  ["unknown", null, false],
])("a release that is %s", (_what, changes, opens) => {
  const { ledger: known, need } = ledger(changes);
  expect(gatesOf(known, [gated(need)], said).open).toHaveLength(opens ? 1 : 0);
  expect(gatesOf(known, [gated({ is: "image", image: "web:1", keys: keysOf(need) })], said).open).toHaveLength(
    opens ? 1 : 0,
  );
});

test("who is held learns for what, and what to do", () => {
  const waiting = ledger({ state: "Running" });
  const [held] = gatesOf(waiting.ledger, [gated(waiting.need)], said).held;
  expect(held).toMatchObject({
    reason: "WaitsForMigration",
    message: "waits for DatabaseMigration web: Running: 3 of 12: 0007_add_sets",
  });
  const failed = ledger({ state: "Failed", reason: "MigrationFailed", message: 'column "wight" does not exist' });
  const [broken] = gatesOf(failed.ledger, [gated(failed.need)], said).held;
  expect(broken?.message).toContain('column "wight" does not exist');
  expect(broken?.message).toContain("kubectl rollout undo");
});

test("one of two resources isn't enough", () => {
  const { ledger: known, need } = ledger({});
  const { open, held } = gatesOf(known, [gated(need, ["billing"])], said);
  expect(open).toEqual([]);
  expect(held[0]?.message).toContain("billing");
});

const deployment = (spec: Partial<Deployment["spec"]>): Deployment => ({
  metadata: meta("web"),
  spec: { replicas: 4, template: { spec: { containers: [] } }, progressDeadlineSeconds: 3_600, ...spec },
});

test.each([
  ["the default strategy of four", {}, ["OldPodsMayGo"]],
  ["the default strategy of three", { replicas: 3 }, []],
  ["maxUnavailable 0", { strategy: { rollingUpdate: { maxUnavailable: 0 } } }, []],
  ["maxUnavailable 0%", { strategy: { rollingUpdate: { maxUnavailable: "0%" } } }, []],
  ["maxUnavailable 1", { strategy: { rollingUpdate: { maxUnavailable: 1 } } }, ["OldPodsMayGo"]],
  ["Recreate", { strategy: { type: "Recreate" } }, ["OldPodsMayGo"]],
  ["a short deadline", { replicas: 1, progressDeadlineSeconds: 600 }, ["ProgressDeadlineShort"]],
])("%s", (_what, spec, reasons) => {
  expect(warningsOf(deployment(spec), "30m").map(({ reason }) => reason)).toEqual(reasons);
});
