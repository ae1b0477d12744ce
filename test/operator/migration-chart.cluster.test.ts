/** What the chart database-migration renders, and that a restricted namespace takes it. Its runs are in e2e/. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterUp } from "../cluster/cluster.ts";
import type { Cluster } from "../cluster/provider.ts";
import { RUNNER, order } from "../../operator/job/order-fixture.ts";
import { jobSpec } from "../../operator/job/job-spec.ts";
import { askWith } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { chartFolder, HELMS, helmWith, render } from "./helm.ts";
import type { Manifest } from "./helm.ts";

type Json = Record<string, unknown>;
type Job = Manifest & { spec: { template: { spec: Json & { containers: [Json & { args: string[] }] } } } };

const IMAGE = "ghcr.io/acme/web:1.4.2";
const database = { urlSecret: { name: "web-db" } };
const minimal = { source: { image: IMAGE }, database };

let cluster: Cluster;
let ask: Ask;
beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  ask = await askWith(cluster.kubeconfig);
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels } });
});
afterAll(async () => await cluster?.[Symbol.asyncDispose]());

const rendered = async (values: Json, name = "web"): Promise<Manifest[]> =>
  await render("database-migration", { namespace: "shop", name, values });

async function jobOf(values: Json, name?: string): Promise<Job> {
  const job = (await rendered(values, name)).find(({ kind }) => kind === "Job");
  if (job === undefined) throw new Error("There is no Job.");
  return job as Job;
}

/** By a dry run that refuses unknown fields: of the Job, and of its pod, which Pod Security looks at. */
async function expectTaken({ metadata, ...job }: Job): Promise<void> {
  const query = "?dryRun=All&fieldValidation=Strict";
  const made = await ask("POST", `/apis/batch/v1/namespaces/shop/jobs${query}`, { metadata, ...job });
  expect(made.status, made.message).toBe(201);
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "probe" }, spec: job.spec.template.spec };
  const answer = await ask("POST", `/api/v1/namespaces/shop/pods${query}`, pod);
  expect(answer.status, answer.message).toBe(201);
}

describe("the Job", () => {
  it("is a hook that Helm waits for, that fails once, and stays with its log", async () => {
    const job = await jobOf(minimal);
    expect(job.metadata).toMatchObject({ name: "web-database-migration", namespace: "shop" });
    expect(job.metadata.annotations).toMatchObject({
      "helm.sh/hook": "pre-install,pre-upgrade",
      "helm.sh/hook-delete-policy": "before-hook-creation",
      "helm.sh/hook-weight": "0",
    });
    expect(job.spec).toMatchObject({ backoffLimit: 0, podReplacementPolicy: "Failed", activeDeadlineSeconds: 290 });
    expect(job.spec).not.toHaveProperty("ttlSecondsAfterFinished");
    expect(job.spec.template.spec.containers[0].args).toContain("--run-timeout=240s");
    await expectTaken(job);
  });

  it.each(["ImageVolume", "InitContainer"] as const)("runs as the operator's own does: %s", async (copy) => {
    const mine = (await jobOf({ source: { image: IMAGE, copy }, database })).spec.template.spec;
    const theirs = jobSpec(order({ source: { from: "image", image: IMAGE, pullPolicy: "IfNotPresent", copy } }), RUNNER)
      .spec.template.spec as Json;
    for (const field of ["restartPolicy", "automountServiceAccountToken", "securityContext", "volumes"]) {
      expect(mine[field], field).toEqual(theirs[field]);
    }
    const { containers, initContainers = [] } = theirs as { containers: [Json]; initContainers?: Json[] };
    for (const field of ["securityContext", "resources", "volumeMounts", "terminationMessagePolicy"]) {
      expect(mine.containers[0][field], field).toEqual(containers[0][field]);
    }
    const byDefault = { terminationMessagePath: "/dev/termination-log" };
    const copies = (mine["initContainers"] ?? []) as Json[];
    expect(copies.map((container) => ({ ...byDefault, ...container }))).toEqual(initContainers);
  });

  it.each([
    ["1.34.9", "emptyDir"],
    ["1.35.0", "image"],
  ])("gets the files in the way that Kubernetes %s can", async (kubeVersion, volume) => {
    const objects = await render("database-migration", { namespace: "shop", values: minimal, kubeVersion });
    const { volumes } = (objects.find(({ kind }) => kind === "Job") as Job).spec.template.spec;
    expect(volumes).toEqual([{ name: "migrations", [volume]: expect.anything() as unknown }]);
  });

  it("has all that can be given, and the API server takes it", async () => {
    const job = await jobOf({
      image: { repository: "registry.example.com/lockkeeper", digest: `sha256:${"0".repeat(64)}` },
      source: { configMap: "{{ .Release.Name }}-sql", format: "Sql" },
      database: { urlSecret: { name: "db", key: "url" }, ca: { secret: "db-ca", key: "root.pem" } },
      migrate: { enabled: false, runner: "argo-presync" },
      timeoutSeconds: 1800,
      lock: { wait: "1m", timeout: "250ms", retries: 0 },
      statementTimeout: "1h30m",
      apply: { allowOutOfOrder: true, allowDrift: true, baseline: "0004_add_sets" },
      history: { format: "Lockkeeper", table: "ops.history" },
      runLog: { enabled: false, table: "ops.log", retention: "1d" },
      hook: { weight: 5 },
      serviceAccount: { create: false },
      ...{ imagePullSecrets: [{ name: "registry" }], resources: { limits: { memory: "1Gi" } } },
      ...{ nodeSelector: { a: "b" }, tolerations: [{ operator: "Exists" }], priorityClassName: "high" },
      ...{ labels: { team: "shop" }, annotations: { "sidecar.istio.io/inject": "true" } },
    });
    expect(job.metadata.annotations).toMatchObject({ "helm.sh/hook-weight": "5", "sidecar.istio.io/inject": "true" });
    expect(job.spec).toMatchObject({ activeDeadlineSeconds: 1790 });
    const { containers, volumes, serviceAccountName } = job.spec.template.spec;
    expect(serviceAccountName).toBe("default");
    expect(volumes).toMatchObject([{ configMap: { name: "web-sql" } }, { secret: { secretName: "db-ca" } }]);
    expect(containers[0].args).toEqual([
      "migrate",
      ...["--dir=/migrations", "--format=sql", "--history-format=lockkeeper", "--history-table=ops.history"],
      ...["--run-log-table=ops.log", "--run-log-retention=1d", "--source=web-sql", "--report=/dev/termination-log"],
      ...["--lock-wait=1m", "--lock-timeout=250ms", "--lock-retries=0", "--statement-timeout=1h30m"],
      ...["--run-timeout=1740s", "--baseline=0004_add_sets", "--ca-file=/etc/lockkeeper/ca/ca.crt"],
      ...["--allow-drift", "--allow-out-of-order"],
    ]);
    expect(containers[0]["env"]).toMatchObject([
      { name: "DATABASE_URL", valueFrom: { secretKeyRef: { name: "db", key: "url" } } },
      { name: "DB_MIGRATE_ENABLED", value: "0" },
      { name: "DB_MIGRATE_RUNNER", value: "argo-presync" },
      { name: "DB_MIGRATE_TELEMETRY_ENABLED", value: "0" },
    ]);
    // It isn't there on this API server.
    delete job.spec.template.spec["priorityClassName"];
    await expectTaken(job);
  });

  it("puts no variable's value into an argument, and stays within the image", async () => {
    const job = await jobOf({ database, source: { image: "a:$(DATABASE_URL)", path: "../../etc" } });
    const { args } = job.spec.template.spec.containers[0];
    expect(args).toEqual(expect.arrayContaining(["--source=a:$$(DATABASE_URL)", "--dir=/source/etc"]));
  });

  it("has a name that a label can have, and another one for another release", async () => {
    const long = "a".repeat(50);
    const names = [await jobOf(minimal, `${long}-1`), await jobOf(minimal, `${long}-2`)].map(
      (job) => job.metadata.name,
    );
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(63);
  });
});

describe("the Job that asks the API server", () => {
  it.each(["operator", "gate"])("is taken by a restricted namespace: mode %s", async (mode) => {
    const objects = await rendered({ ...minimal, mode, workload: { name: "web" } });
    const jobs = objects.filter(({ kind }) => kind === "Job") as Job[];
    expect(jobs).toHaveLength(1);
    for (const job of jobs) await expectTaken(job);
  });
});

describe("the ServiceAccount", () => {
  it("is there before the Job, and has no token", async () => {
    const [account] = await rendered(minimal);
    expect(account).toMatchObject({ kind: "ServiceAccount", automountServiceAccountToken: false });
    expect(account?.metadata.annotations).toMatchObject({ "helm.sh/hook-weight": "-1" });
  });
});

it("there is nothing where it isn't enabled", async () => {
  expect(await rendered({ enabled: false })).toEqual([]);
});

describe.each(HELMS)("%s", (version) => {
  it.each([
    ["an unknown value", { ...minimal, sources: {} }, /sources/],
    ["a mode that isn't there", { ...minimal, mode: "canary" }, /mode/],
    ["mode gate without a Deployment", { ...minimal, mode: "gate" }, /mode gate needs workload\.name/],
    [
      "a hook of Argo CD's beside its own",
      { ...minimal, annotations: { "argocd.argoproj.io/hook": "Sync" } },
      /annotations/,
    ],
    ["a time without a unit", { ...minimal, lock: { wait: "10" } }, /wait/],
    ["a time that is too short for a run", { ...minimal, timeoutSeconds: 60 }, /timeoutSeconds/],
    ["another hook", { ...minimal, annotations: { "helm.sh/hook": "post-install" } }, /annotations/],
    ["no source", { database }, /source\.image, or source\.configMap/],
    ["two sources", { database, source: { image: IMAGE, configMap: "a" } }, /exclude each other/],
    ["no Secret", { source: { image: IMAGE } }, /database\.urlSecret\.name is needed/],
  ])("refuses %s, and says so", async (_, values, message) => {
    const helm = await helmWith(version, cluster.kubeconfig);
    const args = ["install", "web", chartFolder("database-migration"), "--dry-run=server"];
    await expect(helm(args, values)).rejects.toThrow(message);
  });
});
