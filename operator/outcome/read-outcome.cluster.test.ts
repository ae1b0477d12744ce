/** What becomes of real pods: the kubelet's, the runtime's and the scheduler's own words. */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildImage } from "../../build/image.ts";
import { clusterUp } from "../../test/cluster/cluster.ts";
import type { Cluster } from "../../test/cluster/provider.ts";
import { layerOf, writeImages } from "../../test/images/archive.ts";
import { addCp } from "../../test/images/cp.ts";
import { temporaryFolder } from "../../test/images/folder.ts";
import type { Api } from "../api/api.ts";
import { connect } from "../api/connect.ts";
import { createApi } from "../api/request.ts";
import { jobSpec } from "../job/job-spec.ts";
import { tagOf } from "../job/order.ts";
import type { RunSource } from "../job/order.ts";
import { order } from "../job/order-fixture.ts";
import type { Job, Pod } from "../kubernetes/objects.ts";
import type { Outcome } from "./outcome.ts";
import { readOutcome } from "./read-outcome.ts";
import { reasonOf } from "./reason-of.ts";
import { whyNoPod } from "./why-no-pod.ts";

const NAMESPACE = "outcomes";
const JOBS = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`;
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const minutes = 60_000;

let cluster: Cluster;
let api: Api;
let runnerImage: string;

beforeAll(async () => {
  const built = await buildImage("localhost/lockkeeper:outcomes");
  runnerImage = built.tag;
  cluster = await clusterUp({ size: "full" });
  await cluster.load(built.archive);
  await using images = await imageWithCp();
  await cluster.load(images.archive);
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  const metadata = { namespace: NAMESPACE };
  await cluster.apply(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE, labels } },
    // Nothing answers there: a run tries until it is stopped.
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { ...metadata, name: "web-db" },
      stringData: { DATABASE_URL: "postgres://app:canary-canary@192.0.2.1/shop" },
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { ...metadata, name: "web-sql" },
      data: { "0001_a.sql": "create table a ();" },
    },
    // The resource's stand-in: an owner that there isn't would be cleared away with its Jobs.
    { apiVersion: "v1", kind: "ConfigMap", metadata: { ...metadata, name: "owner" } },
  );
  const options = { kubeconfig: cluster.kubeconfig, inCluster: false, userAgent: "test" };
  api = createApi(connect(options, () => performance.now()));
}, 30 * minutes);

afterAll(async () => {
  await cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found");
  await cluster.down();
}, 2 * minutes);

/** An application's image: this machine's cp, and folders of which none can be used: that they were read shows. */
async function imageWithCp(): Promise<AsyncDisposable & { archive: string }> {
  const folder = await temporaryFolder("outcomes");
  const root = join(folder.path, "root");
  await mkdir(join(root, "app", "migrations"), { recursive: true });
  await writeFile(join(root, "app", "0001_a.sql"), "select '\u0000';");
  await symlink("../0001_a.sql", join(root, "app", "migrations", "0001_a.sql"));
  await mkdir(join(root, "app", "absolute"));
  await symlink("/app/0001_a.sql", join(root, "app", "absolute", "0001_a.sql"));
  await mkdir(join(root, "app", "private"));
  await writeFile(join(root, "app", "private", "0001_a.sql"), "", { mode: 0o600 });
  await addCp(root);
  const archive = join(folder.path, "image.tar");
  const layer = await layerOf(root, join(folder.path, "layer.tar"), "u+r");
  await writeImages(archive, [{ tag: "localhost/with-cp:outcomes", layers: [layer] }]);
  return { archive, [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose]() };
}

type Run = {
  job: string;
  pod(): Promise<Pod | null>;
  outcome(later?: number): Promise<Outcome>;
  /** The first outcome that is an end, by a watch. */
  end(): Promise<Outcome>;
};

let number = 0;
async function start(changes: Parameters<typeof order>[0]): Promise<Run> {
  const owner = await api.request<Job>("GET", `/api/v1/namespaces/${NAMESPACE}/configmaps/owner`);
  const given = order({ ...changes, job: `web-${++number}` });
  const metadata = { ...given.migration.metadata, namespace: NAMESPACE, name: "owner", uid: owner.metadata.uid };
  const run = { ...given, migration: { ...given.migration, metadata } };
  const body = jobSpec(run, { runnerImage, runnerPullPolicy: "Never" });
  const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: owner.metadata.uid }];
  await api.request("POST", JOBS, { body: { ...body, metadata: { ...body.metadata, ownerReferences } } });
  const labelSelector = `batch.kubernetes.io/job-name=${run.job}`;
  const pod = async (): Promise<Pod | null> =>
    (await api.request<{ items: Pod[] }>("GET", PODS, { query: { labelSelector } })).items[0] ?? null;
  const identity = { runId: run.runId, tag: tagOf(run), command: run.command };
  const read = async (found: Pod | null, later = 0): Promise<Outcome> =>
    readOutcome(await api.request<Job>("GET", `${JOBS}/${run.job}`), found, identity, new Date(Date.now() + later));
  return {
    job: run.job,
    pod,
    outcome: async (later) => await read(await pod(), later),
    end: async () => {
      const options = { query: { labelSelector, watch: true }, signal: AbortSignal.timeout(minutes) };
      for await (const line of api.lines(PODS, { ...options, longestLine: 1_000_000 })) {
        const outcome = await read((JSON.parse(line) as { object: Pod }).object);
        if (hasEnded(outcome)) return outcome;
      }
      throw new Error(`${run.job}: the watch ended before the run`);
    },
  };
}

/** The outcome once it is as expected; throws with the last one after a minute. */
async function until(run: Run, fits: (outcome: Outcome) => boolean, later = 0): Promise<Outcome> {
  let last: Outcome | null = null;
  for (let tries = 0; tries < 300; tries++, await sleep(200)) {
    last = await run.outcome(later);
    if (fits(last)) return last;
  }
  throw new Error(`${run.job} doesn't come to what is expected: ${JSON.stringify([last, await run.pod()], null, 2)}`);
}

const isHeld = ({ is, ...rest }: Outcome): boolean => is === "starting" && "reason" in rest && rest.reason !== null;
const hasEnded = ({ is }: Outcome): boolean => is === "reported" || is === "lost";

const files = (source: RunSource, path = "/app"): Parameters<typeof order>[0] => ({
  source,
  spec: { source: { image: { ref: "a" }, path } },
});
const own = { from: "image", image: "localhost/lockkeeper:outcomes", pullPolicy: "Never" } as const;
const withCp = { from: "image", image: "localhost/with-cp:outcomes", pullPolicy: "Never" } as const;
const CONFIG_MAP: RunSource = { from: "configMap", name: "web-sql" };

it("an image without cp can't be copied from", async () => {
  const outcome = await until(await start(files({ ...own, copy: "InitContainer" })), hasEnded);
  expect(outcome).toMatchObject({ is: "lost", reason: "CopyUnsupported", retry: false });
});

it("a folder that the copied image lacks is told by its cp, with image and path", async () => {
  const outcome = await until(await start(files({ ...withCp, copy: "InitContainer" }, "/not/there")), hasEnded);
  expect(outcome).toMatchObject({ is: "lost", reason: "InvalidSource", retry: false });
  expect(outcome).toHaveProperty("message", expect.stringMatching(/localhost\/with-cp:outcomes.*\/not\/there/));
});

it.each(["ImageVolume", "InitContainer"] as const)("a folder with a link out of it is read, by %s", async (copy) => {
  const outcome = await until(await start(files({ ...withCp, copy }, "/app/migrations")), hasEnded);
  const error = { code: "INVALID_SOURCE", message: expect.stringMatching(/0001_a\.sql.* NUL byte/) };
  expect(outcome).toMatchObject({ is: "reported", report: { error } });
});

it("an absolute link is followed by cp; in a mounted image it leads nowhere", async () => {
  const copied = await until(await start(files({ ...withCp, copy: "InitContainer" }, "/app/absolute")), hasEnded);
  expect(copied).toHaveProperty("report.error.message", expect.stringMatching(/0001_a\.sql.* NUL byte/));
  const mounted = await until(await start(files({ ...withCp, copy: "ImageVolume" }, "/app/absolute")), hasEnded);
  expect(mounted).toHaveProperty("report.error.message", expect.stringContaining("leads nowhere"));
});

it("a file that only root may read stops both ways, and is named", async () => {
  const copied = await until(await start(files({ ...withCp, copy: "InitContainer" }, "/app/private")), hasEnded);
  expect(copied).toMatchObject({ is: "lost", reason: "InvalidSource", retry: false });
  expect(copied).toHaveProperty("message", expect.stringMatching(/0001_a\.sql.*Permission denied/));
  const mounted = await until(await start(files({ ...withCp, copy: "ImageVolume" }, "/app/private")), hasEnded);
  expect(mounted).toHaveProperty("report.error.code", "INVALID_SOURCE");
});

it("a folder that the mounted image lacks is told by the runner's own report", async () => {
  const outcome = await until(await start(files({ ...own, copy: "ImageVolume" }, "/not/there")), hasEnded);
  expect(outcome).toMatchObject({ is: "reported", report: { exitCode: 13, error: { code: "INVALID_SOURCE" } } });
  if (outcome.is === "reported") expect(reasonOf(outcome.report)).toEqual({ reason: "InvalidSource", retry: false });
});

it.each(["ImageVolume", "InitContainer"] as const)("an image that there isn't is named, by %s", async (copy) => {
  const image = "localhost/not-there:1";
  const outcome = await until(await start(files({ from: "image", image, pullPolicy: "Never", copy })), isHeld);
  expect(outcome).toMatchObject({ reason: "ImagePullFailed" });
  expect(outcome).toHaveProperty("message", expect.stringContaining(image));
});

it("a Secret that there isn't is named", async () => {
  const database = { urlFrom: { secretKeyRef: { name: "not-there", key: "url" } } };
  const outcome = await until(await start({ source: CONFIG_MAP, spec: { database } }), isHeld);
  expect(outcome).toMatchObject({ reason: "PodNotStarted" });
  expect(outcome).toHaveProperty("message", expect.stringContaining('secret "not-there" not found'));
});

it("a ConfigMap that there isn't leaves the pod without its volumes, which is told after a minute", async () => {
  const run = await start({ source: { from: "configMap", name: "not-there" } });
  expect(await until(run, isHeld, 2 * minutes)).toMatchObject({ reason: "PodNotStarted" });
  expect(await run.outcome()).toMatchObject({ is: "starting", reason: null });
});

it("a pod that no node takes has the scheduler's own words", async () => {
  const job = { nodeSelector: { "lockkeeper.dev/no-such": "node" } };
  const outcome = await until(await start({ source: CONFIG_MAP, spec: { job } }), isHeld);
  expect(outcome).toMatchObject({ reason: "PodNotScheduled" });
  expect(outcome).toHaveProperty("message", expect.stringContaining("nodes are available"));
});

it("a runner without memory was killed for it", async () => {
  const job = { resources: { limits: { memory: "12Mi" } } };
  const outcome = await until(await start({ source: CONFIG_MAP, spec: { job } }), hasEnded);
  expect(outcome).toMatchObject({ is: "lost", reason: "OutOfMemory", retry: true });
});

it("a run whose pod is deleted says so itself, and is tried again", async () => {
  const run = await start({ source: CONFIG_MAP });
  const running = await until(run, ({ is }) => is === "running");
  expect(running).toMatchObject({ reason: null, startedAt: expect.stringMatching(/^20/) });
  // As the operator does, by a watch: the pod is gone soon after.
  const reading = run.end();
  await cluster.kubectl("delete", "pod", "-n", NAMESPACE, `--selector=job-name=${run.job}`, "--wait=false");
  const outcome = await reading;
  expect(outcome).toMatchObject({ is: "reported", report: { exitCode: 15, error: { code: "CANCELLED" } } });
  if (outcome.is === "reported") expect(reasonOf(outcome.report)).toEqual({ reason: "Cancelled", retry: true });
  expect(JSON.stringify(outcome)).not.toContain("canary");
});

it("a Job that a quota refuses its pod says so after 30 s, in the quota's own words", async () => {
  const metadata = { namespace: NAMESPACE, name: "none" };
  await cluster.apply({ apiVersion: "v1", kind: "ResourceQuota", metadata, spec: { hard: { "count/pods": "0" } } });
  try {
    const run = await start({ source: CONFIG_MAP });
    expect(await until(run, isHeld, 31_000)).toMatchObject({ reason: "JobPodNotCreated", pod: null });
    const job = await api.request<Job>("GET", `${JOBS}/${run.job}`);
    let why: string | null = null;
    for (let tries = 0; tries < 100 && why === null; tries++, await sleep(200)) why = await whyNoPod(api, job);
    expect(why).toContain("exceeded quota: none");
  } finally {
    await cluster.kubectl("delete", "resourcequota", "none", "-n", NAMESPACE);
  }
});
