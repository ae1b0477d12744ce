import { expect, it } from "vitest";
import type { Deployment, Job, Pod } from "../kubernetes/objects.ts";
import { shareStrings } from "./share.ts";
import { trimDeployment, trimJob, trimMigration, trimPod, trimReplicaSet } from "./trim.ts";

const kept = {
  ...{ name: "web", namespace: "shop", uid: "u", resourceVersion: "7", generation: 2 },
  ...{ creationTimestamp: "2026-01-01T00:00:00Z", labels: { app: "web" } },
};
const metadata = {
  ...kept,
  managedFields: [{ manager: "kubectl" }],
  annotations: {
    "kubectl.kubernetes.io/last-applied-configuration": "{}",
    "lockkeeper.dev/retry": "1",
    "deployment.kubernetes.io/revision": "3",
  },
  ownerReferences: [
    { apiVersion: "v1", kind: "K", name: "n", uid: "o", controller: true, blockOwnerDeletion: true },
    { apiVersion: "v1", kind: "K", name: "m", uid: "p" },
  ],
};
const trimmedMeta = {
  ...kept,
  annotations: { "lockkeeper.dev/retry": "1", "deployment.kubernetes.io/revision": "3" },
  ownerReferences: [
    { apiVersion: "v1", kind: "K", name: "n", uid: "o", controller: true },
    { apiVersion: "v1", kind: "K", name: "m", uid: "p" },
  ],
};
const template = {
  metadata: { labels: {} },
  spec: {
    containers: [{ name: "web", image: "web:1", env: [{ name: "A", value: "B" }], ports: [] }],
    ...{ volumes: [], serviceAccountName: "web", imagePullSecrets: [{ name: "pull" }] },
    ...{ nodeSelector: { disk: "fast" }, tolerations: [{ key: "a", operator: "Exists" }] },
  },
};
const trimmedTemplate = {
  spec: {
    containers: [{ name: "web", image: "web:1" }],
    ...{ serviceAccountName: "web", imagePullSecrets: [{ name: "pull" }] },
    ...{ nodeSelector: { disk: "fast" }, tolerations: [{ key: "a", operator: "Exists" }] },
  },
};

it("a migration keeps spec and status whole, and an object without annotations of ours has none", () => {
  const migration = { apiVersion: "lockkeeper.dev/v1alpha1", metadata, spec: { any: [1] }, status: { epoch: 1 } };
  expect(trimMigration(migration)).toStrictEqual({ metadata: trimmedMeta, spec: { any: [1] }, status: { epoch: 1 } });
  const plain = trimMigration({ metadata: { ...kept, annotations: { other: "x" } }, spec: {} });
  expect(plain).toStrictEqual({ metadata: kept, spec: {} });
});

it("a Job keeps how far it is, and no spec", () => {
  const condition = { type: "Failed", status: "True", reason: "BackoffLimitExceeded", lastTransitionTime: "t" };
  const job = {
    ...{ metadata, spec: { template } },
    status: { active: 1, startTime: "t", ready: 1, conditions: [{ ...condition, lastProbeTime: "p" }] },
  };
  const status = { active: 1, startTime: "t", conditions: [condition] };
  expect(trimJob(job as Job)).toStrictEqual({ metadata: trimmedMeta, status });
  expect(trimJob({ metadata: kept })).toStrictEqual({ metadata: kept, status: {} });
});

it("a pod keeps its node and how its containers are", () => {
  const terminated = { exitCode: 1, reason: "Error", message: "{}", finishedAt: "t" };
  const container = { name: "lockkeeper", image: "i", imageID: "d", state: { terminated } };
  const status = { phase: "Failed", reason: "Evicted", message: "m", startTime: "t" };
  const pod = {
    ...{ metadata, spec: { nodeName: "n1", containers: [{}], volumes: [{}] } },
    status: { ...status, podIP: "10.0.0.1", containerStatuses: [{ ...container, restartCount: 0, lastState: {} }] },
  };
  expect(trimPod(pod as unknown as Pod)).toStrictEqual({
    ...{ metadata: trimmedMeta, spec: { nodeName: "n1" } },
    status: { ...status, containerStatuses: [container] },
  });
});

it("a Deployment and a ReplicaSet keep what a run's Job takes over", () => {
  const deployment = {
    ...{ metadata, spec: { replicas: 2, strategy: { type: "Recreate" }, selector: {}, template } },
    status: { observedGeneration: 2, replicas: 2 },
  };
  const spec = { replicas: 2, template: trimmedTemplate };
  const status = { observedGeneration: 2 };
  const withStrategy = { ...spec, strategy: { type: "Recreate" } };
  expect(trimDeployment(deployment as Deployment)).toStrictEqual({ metadata: trimmedMeta, spec: withStrategy, status });
  expect(trimReplicaSet(deployment as Deployment)).toStrictEqual({ metadata: trimmedMeta, spec });
});

it("trimming what is trimmed changes nothing", () => {
  const once = trimPod({ metadata, spec: { nodeName: "n" }, status: { phase: "Running" } });
  expect(trimPod(once)).toStrictEqual(once);
});

it("sharing strings changes nothing that can be read", () => {
  const run = { image: "ghcr.io/acme/web:1.4.2", job: "web-5f0c1d-1", at: "ghcr.io/acme/web:1.4.2", none: null };
  const status = {
    runs: [run, { ...run, applied: ["0010_solid_watchtower", "0010_solid_watchtower"] }],
    n: 1,
    ok: true,
  };
  expect(shareStrings(structuredClone(status))).toStrictEqual(status);
  for (const value of [null, undefined, 1, "text"]) expect(shareStrings(value)).toBe(value);
});
