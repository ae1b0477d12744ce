import { expect, test } from "vitest";
import { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { Deployment, ReplicaSet } from "../kubernetes/objects.ts";
import { isPinned } from "./key.ts";
import { liveKeys, targetOf } from "./target.ts";
import type { Target } from "./target.ts";

const DIGEST = `web@sha256:${"0".repeat(64)}`;
const REVISION = "deployment.kubernetes.io/revision";

function resource(workload: Record<string, unknown> = { name: "web" }, more: Record<string, unknown> = {}) {
  return DatabaseMigration.parse({
    metadata: { name: "web", namespace: "shop", uid: "u", resourceVersion: "1", generation: 1, creationTimestamp: "" },
    spec: {
      database: { urlFrom: { secretKeyRef: { name: "web-db", key: "URL" } } },
      source: { workload, path: "/app/drizzle" },
      ...more,
    },
  });
}

const meta = (name: string, uid: string, revision: string) => ({
  ...{ name, uid, namespace: "shop", resourceVersion: "1", creationTimestamp: "" },
  annotations: { [REVISION]: revision },
});

const template = (image: string) => ({
  spec: {
    containers: [
      { name: "web", image },
      { name: "proxy", image: "p:1" },
    ],
  },
});

const replicaSet = (uid: string, revision: string, image: string, replicas = 1): ReplicaSet => ({
  metadata: meta(`web-${uid}`, uid, revision),
  spec: { replicas, template: template(image) },
});

function deployment(revision: string, { generation = 1, seen = 1 } = {}): Deployment {
  const metadata = { ...meta("web", "d", revision), generation };
  return { metadata, spec: { template: template("any:0") }, status: { observedGeneration: seen } };
}

const keyOf = (target: Target): string => (target.is === "release" ? target.wanted.key : target.reason);

test("the wanted release is the ReplicaSet with the Deployment's revision, and its image", () => {
  const replicaSets = [replicaSet("a", "1", "web:1"), replicaSet("b", "2", "web:2")];
  const target = targetOf(resource(), { deployment: deployment("2"), replicaSets });
  expect(target).toMatchObject({ is: "release", wanted: { image: "web:2", revision: 2, workloadGeneration: 1 } });
});

test("until the Deployment's controller has seen the template, and its ReplicaSet is here, nothing is wanted", () => {
  const replicaSets = [replicaSet("a", "1", "web:1")];
  const behind = deployment("1", { generation: 2, seen: 1 });
  expect(keyOf(targetOf(resource(), { deployment: behind, replicaSets }))).toBe("WorkloadNotObserved");
  expect(keyOf(targetOf(resource(), { deployment: deployment("2"), replicaSets }))).toBe("WorkloadNotObserved");
  expect(keyOf(targetOf(resource(), { deployment: null, replicaSets: [] }))).toBe("WorkloadNotFound");
});

test("a container that isn't there is told; without a name it is the first one", () => {
  const workload = { deployment: deployment("1"), replicaSets: [replicaSet("a", "1", "web:1")] };
  expect(targetOf(resource({ name: "web", container: "proxy" }), workload)).toMatchObject({ wanted: { image: "p:1" } });
  const missing = targetOf(resource({ name: "web", container: "api" }), workload);
  expect(missing).toMatchObject({ is: "unknown", waits: false, reason: "ContainerNotFound" });
});

test("the same tag in a new ReplicaSet is another release; the same digest isn't", () => {
  const at = (uid: string, image: string) =>
    keyOf(targetOf(resource(), { deployment: deployment("1"), replicaSets: [replicaSet(uid, "1", image)] }));
  expect(at("a", "web:1")).not.toBe(at("b", "web:1"));
  expect(at("a", DIGEST)).toBe(at("b", DIGEST));
});

test("an undo keeps its release: the revision isn't in the key", () => {
  const at = (revision: string) =>
    keyOf(
      targetOf(resource(), { deployment: deployment(revision), replicaSets: [replicaSet("a", revision, "web:1")] }),
    );
  expect(at("1")).toBe(at("3"));
});

test.each([
  ["database", { database: { urlFrom: { secretKeyRef: { name: "other", key: "URL" } } } }],
  ["path", { source: { workload: { name: "web" }, path: "/other" } }],
  ["format", { source: { workload: { name: "web" }, path: "/app/drizzle", format: "Sql" } }],
  ["history", { history: { table: "public.history" } }],
])("another %s is another release", (_what, more) => {
  const workload = { deployment: deployment("1"), replicaSets: [replicaSet("a", "1", DIGEST)] };
  const before = keyOf(targetOf(resource(), workload));
  expect(keyOf(targetOf(resource({ name: "web" }, more), workload))).not.toBe(before);
});

test("a setting of how it is run makes no other release", () => {
  const workload = { deployment: deployment("1"), replicaSets: [replicaSet("a", "1", DIGEST)] };
  const before = keyOf(targetOf(resource(), workload));
  const more = { lock: { timeout: "9s" }, retry: { limit: 1 }, job: { ttl: "1h" }, suspend: true };
  expect(keyOf(targetOf(resource({ name: "web" }, more), workload))).toBe(before);
});

test("proof is kept for the newest 20 ReplicaSets, and for older ones that have pods", () => {
  const replicaSets = Array.from({ length: 30 }, (_, at) => replicaSet(`r${at}`, String(at + 1), `web:${at}`, 0));
  const [oldest, old] = replicaSets;
  if (oldest) oldest.spec.replicas = 2;
  const workload = { deployment: deployment("30"), replicaSets };
  const keys = liveKeys(resource(), workload);
  expect(keys?.size).toBe(21);
  const key = (one: ReplicaSet | undefined) =>
    keyOf(
      targetOf(resource(), {
        deployment: deployment(one?.metadata.annotations?.[REVISION] ?? ""),
        replicaSets: [one].flatMap((r) => r ?? []),
      }),
    );
  expect(keys?.has(key(oldest))).toBe(true);
  expect(keys?.has(key(old))).toBe(false);
});

test.each([
  [DIGEST, true],
  [`registry:5000/web:1@sha256:${"a".repeat(64)}`, true],
  ["web:1", false],
  ["web@sha256:short", false],
])("%s is pinned: %s", (image, pinned) => {
  expect(isPinned(image)).toBe(pinned);
});
