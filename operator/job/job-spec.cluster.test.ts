/** What a real API server says to our Jobs, in a namespace that enforces the Pod Security level `restricted`. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterUp } from "../../test/cluster/cluster.ts";
import type { Cluster } from "../../test/cluster/provider.ts";
import { ApiError } from "../api/api.ts";
import type { Api } from "../api/api.ts";
import { connect } from "../api/connect.ts";
import { createApi } from "../api/request.ts";
import { serverSupportsImageVolumes } from "./image-volumes.ts";
import { jobSpec } from "./job-spec.ts";
import { jobName } from "./job-name.ts";
import type { RunOrder } from "./order.ts";
import { order, PARTS, RUNNER } from "./order-fixture.ts";

const NAMESPACE = "restricted-jobs";
const JOBS = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`;
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;

let cluster: Cluster;
let api: Api;

beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await cluster.apply(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE, labels } },
    // Its controller, which would make it, isn't part of a control plane without nodes.
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: NAMESPACE } },
  );
  const options = { kubeconfig: cluster.kubeconfig, inCluster: false, userAgent: "test" };
  api = createApi(connect(options, () => performance.now()));
});
afterAll(async () => {
  await cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found");
  await cluster.down();
});

type Template = { metadata: Record<string, unknown>; spec: { containers: Record<string, unknown>[] } };
type Made = { metadata: Record<string, unknown>; spec: { template: Template } };

/** What the server would keep of it; strict: a field that it doesn't know is an error. */
async function dryRun<T>(path: string, body: unknown): Promise<T> {
  return await api.request<T>("POST", path, { body, query: { dryRun: "All", fieldValidation: "Strict" } });
}

const made = (changes: Parameters<typeof order>[0]): Made => {
  const given = order(changes);
  const migration = { ...given.migration, metadata: { ...given.migration.metadata, namespace: NAMESPACE } };
  return jobSpec({ ...given, migration }, RUNNER);
};

const image = { from: "image", image: "ghcr.io/acme/web@sha256:00", pullPolicy: "Always" } as const;
const caFrom = (kind: string) => ({ caFrom: { [kind]: { name: "db-ca", key: "ca.crt" } } });
const everything = {
  serviceAccountName: "default",
  resources: { requests: { cpu: "1", memory: "64Mi" }, limits: { memory: "1Gi" } },
  nodeSelector: { disk: "ssd" },
  tolerations: [{ key: "batch", operator: "Exists", effect: "NoSchedule" }],
  imagePullSecrets: [{ name: "registry" }],
  labels: { team: "shop" },
  annotations: { note: "x" },
  ttl: "1h",
};

const VARIANTS: [string, Parameters<typeof order>[0]][] = [
  ["an image volume", { source: { ...image, copy: "ImageVolume" } }],
  ["a copy", { source: { ...image, copy: "InitContainer" } }],
  ["a ConfigMap", { source: { from: "configMap", name: "web-sql" } }],
  ["a connection in parts, with a CA in a Secret", { spec: { database: { ...PARTS, ...caFrom("secretKeyRef") } } }],
  ["a CA in a ConfigMap", { spec: { database: { ...PARTS, ...caFrom("configMapKeyRef") } } }],
  ["everything that a resource may say", { spec: { job: everything, timeouts: { run: "0s" } } }],
  ["a check", { command: "status" }],
  ["the longest name", { job: jobName("a".repeat(253), "key", 1, 1_000_000) }],
];

describe.each(VARIANTS)("a Job of %s", (_name, changes) => {
  it("is taken as it is, each of its fields", async () => {
    const job = made(changes);
    const answer = await dryRun<Made>(JOBS, job);
    expect(answer.spec).toMatchObject(job.spec);
    expect(answer.spec).toMatchObject({ podReplacementPolicy: "Failed", backoffLimit: 0 });
    expect(answer.metadata).toMatchObject(job.metadata);
  });

  it("has a pod that a restricted namespace takes", async () => {
    const { metadata, spec } = made(changes).spec.template;
    const pod = { metadata: { ...metadata, generateName: "run-" }, spec };
    expect((await dryRun<{ spec: unknown }>(PODS, pod)).spec).toMatchObject({ automountServiceAccountToken: false });
  });
});

it("a pod with one right more is refused there", async () => {
  const { metadata, spec } = made({}).spec.template;
  const containers = spec.containers.map((container) => ({
    ...container,
    securityContext: { allowPrivilegeEscalation: true },
  }));
  const pod = { metadata: { ...metadata, generateName: "run-" }, spec: { ...spec, containers } };
  await expect(dryRun(PODS, pod)).rejects.toMatchObject({ status: 403 });
});

describe("whether the server keeps image volumes", () => {
  const asked = { namespace: NAMESPACE, runner: RUNNER };

  it("is told by the server itself, and nothing is left of the question", async () => {
    const { minor } = await api.request<{ minor: string }>("GET", "/version");
    // From 1.35 on they are there unless somebody switched them off.
    expect(await serverSupportsImageVolumes(api, asked)).toBe(Number.parseInt(minor, 10) >= 35);
    expect(await api.request("GET", JOBS)).toMatchObject({ items: [] });
  });

  it("is no where it drops them, as one does whose feature gate is off", async () => {
    const dropping = {
      ...api,
      request: async <T>(...[method, path, options]: Parameters<Api["request"]>): Promise<T> => {
        const body = options?.body as { spec: { template: { spec: Record<string, unknown> } } };
        const spec = { ...body.spec.template.spec, volumes: undefined };
        const containers = (spec as unknown as Template["spec"]).containers.map((one) => ({
          ...one,
          volumeMounts: [],
        }));
        const template = { ...body.spec.template, spec: { ...spec, containers } };
        return await api.request<T>(method, path, { ...options, body: { ...body, spec: { ...body.spec, template } } });
      },
    };
    expect(await serverSupportsImageVolumes(dropping, asked)).toBe(false);
  });

  it("is unknown where it may not be asked, and an error where there is no server", async () => {
    expect(await serverSupportsImageVolumes(api, { ...asked, namespace: "not-there" })).toBeNull();
    const unreachable = { ...api, request: async () => await Promise.reject(new ApiError(0, "Unreachable", "none")) };
    await expect(serverSupportsImageVolumes(unreachable, asked)).rejects.toThrow("none");
  });
});

it("a create that is repeated meets the first one's Job", async () => {
  const first: RunOrder = order({ job: jobName("web", "key", 1, 1) });
  const migration = { ...first.migration, metadata: { ...first.migration.metadata, namespace: NAMESPACE } };
  const body = jobSpec({ ...first, migration }, RUNNER);
  await api.request("POST", JOBS, { body });
  await expect(api.request("POST", JOBS, { body })).rejects.toMatchObject({ reason: "AlreadyExists" });
  await api.request("DELETE", `${JOBS}/${first.job}`);
});
