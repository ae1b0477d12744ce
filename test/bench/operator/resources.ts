/** The objects that the benchmark makes, as calls to the API server. */
import { API_VERSION, KIND, LABEL, PLURAL, RUNNER_CONTAINER } from "../../../contract/resource/names.ts";
import { DatabaseMigration } from "../../../contract/resource/resource.ts";
import { jobSpec } from "../../../operator/job/job-spec.ts";
import { tagOf } from "../../../operator/job/order.ts";
import { report } from "../../../operator/outcome/report-fixture.ts";
import type { Call } from "./client.ts";

export const RUNNER = { runnerImage: "ghcr.io/lockkeeper/lockkeeper:0.1.0", runnerPullPolicy: "IfNotPresent" } as const;

const IMAGE = "ghcr.io/acme/web:1.4.2";
const spec = {
  database: { urlFrom: { secretKeyRef: { name: "web-db", key: "DATABASE_URL" } } },
  source: { image: { ref: IMAGE }, path: "/app/drizzle" },
};

export const migrationsPath = (namespace: string): string => `/apis/${API_VERSION}/namespaces/${namespace}/${PLURAL}`;
export const jobsPath = (namespace: string): string => `/apis/batch/v1/namespaces/${namespace}/jobs`;
export const podsPath = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;

const post = (path: string, object: unknown): Call => ({ method: "POST", path, body: JSON.stringify(object) });

/** Creates a DatabaseMigration as a person would write one. */
export const createMigration = (namespace: string, name: string): Call =>
  post(migrationsPath(namespace), { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace }, spec });

/** Writes a status as the operator does. */
export const patchStatus = (namespace: string, name: string, status: unknown): Call => ({
  ...{ method: "PATCH", path: `${migrationsPath(namespace)}/${name}/status`, type: "application/merge-patch+json" },
  body: JSON.stringify({ status }),
});

/** Creates the very Job that the operator makes of such a resource. */
export function createJob(namespace: string, name: string): Call {
  const known = { uid: "0193a0b0-0000-7000-8000-000000000000", resourceVersion: "1", generation: 1 };
  const metadata = { name, namespace, ...known, creationTimestamp: "2026-01-01T00:00:00Z" };
  const job = jobSpec(
    {
      ...{ migration: DatabaseMigration.parse({ metadata, spec }), command: "migrate", job: name, template: null },
      ...{ runId: known.uid, key: "5f0c1d92ab5f0c1d92ab5f0c1d92ab5f", epoch: 1, attempt: 1 },
      source: { from: "image", image: IMAGE, pullPolicy: "IfNotPresent", copy: "ImageVolume" },
    },
    RUNNER,
  );
  return post(jobsPath(namespace), job);
}

/** A run's Job as the watch tells of it. */
export type Run = {
  /** The resource's name. */
  resource: string;
  job: { name: string; uid: string };
  runId: string;
  key: string;
};

/** What kubelet and Job controller do, where there are none: the run's pod, and the end of its container with a report. */
export function endRun(namespace: string, { resource, job, runId, key }: Run): Call[] {
  const owner = { apiVersion: "batch/v1", kind: "Job", ...job, controller: true };
  const image = RUNNER.runnerImage;
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...{ name: job.name, namespace, ownerReferences: [owner] },
      labels: {
        [LABEL.name]: "lockkeeper-run",
        [LABEL.instance]: resource,
        [LABEL.component]: "migration",
        [LABEL.managedBy]: "lockkeeper-operator",
        "batch.kubernetes.io/job-name": job.name,
      },
    },
    // On a node, as what has run is: a pod without one is looked at by the gate too.
    spec: { nodeName: "node", restartPolicy: "Never", containers: [{ name: RUNNER_CONTAINER, image }] },
  };
  const at = `${new Date().toISOString().slice(0, 19)}Z`;
  // Each its own database: those that share one look at one another.
  const database = { systemIdentifier: resource, name: "shop", oid: 16_384 };
  const message = JSON.stringify(report({ runId, tag: tagOf({ key, epoch: 1 }), database }));
  const terminated = { exitCode: 0, reason: "Completed", message, startedAt: at, finishedAt: at };
  const container = { name: RUNNER_CONTAINER, image, imageID: image, ready: false, restartCount: 0 };
  const status = { phase: "Running", startTime: at, containerStatuses: [{ ...container, state: { terminated } }] };
  const path = `${podsPath(namespace)}/${job.name}/status`;
  const type = "application/merge-patch+json";
  return [post(podsPath(namespace), pod), { method: "PATCH", path, type, body: JSON.stringify({ status }) }];
}
