/** What people do to Jobs, pods, status and namespaces while the operator is at work. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { JOBS, MIGRATIONS, PODS } from "../../../operator/api/kinds.ts";
import { pathOf } from "../../../operator/api/path.ts";
import type { OperatorProcess } from "../operator-process.ts";
import type { ApiProxy } from "../proxy.ts";
import { expectTruth } from "./invariants.ts";
import type { Run } from "./kubelet.ts";
import { LOCK_TIMEOUT, SUCCESS } from "./playbook.ts";
import type { Play } from "./playbook.ts";
import { SCENES } from "./scenes.ts";
import { condition, create, latest, newNamespace, openStage, startHere, until, wayTo } from "./stage.ts";
import type { Stage } from "./stage.ts";

const namespace = "shop";
let stage: Stage;
let way: ApiProxy;
let operator: OperatorProcess;
beforeAll(async () => {
  stage = await openStage();
  way = await wayTo(stage);
  operator = await startHere(stage, { way, forbidden: /being terminated/ });
  for (const name of [namespace, "other", "ending"]) await newNamespace(stage, name);
});
afterAll(async () => {
  for (const scope of [operator, way, stage]) await scope?.[Symbol.asyncDispose]();
});

const runsOf = (key: string): Run[] => stage.kubelet.runs.filter(({ resource }) => resource === key);

/** By the first Job: it is there, its pod too where it gets one, and the operator has told what is to be seen. */
async function reached(key: string, ready: string): Promise<Run> {
  await until(`${key} is ${ready}`, () => condition(stage, key) === ready && runsOf(key).length > 0);
  await sleep(300);
  const [run] = runsOf(key);
  if (run === undefined) throw new Error(`${key} has no Job`);
  return run;
}

const deleteJob = async ({ job: { metadata } }: Run, propagationPolicy: string): Promise<void> =>
  void (await stage.api.request("DELETE", pathOf(JOBS, metadata.namespace, metadata.name), {
    body: { propagationPolicy },
  }));

async function deletePod({ job: { metadata } }: Run): Promise<void> {
  const query = { labelSelector: `batch.kubernetes.io/job-name=${metadata.name}` };
  const path = pathOf(PODS, metadata.namespace);
  const { items } = await stage.api.request<{ items: { metadata: { name: string } }[] }>("GET", path, { query });
  for (const pod of items) await stage.api.request("DELETE", pathOf(PODS, metadata.namespace, pod.metadata.name));
}

const STAGES: Record<string, { play: Play; ready: string }> = {
  "before its pod is there": { play: { first: "no-pod" }, ready: "False Pending" },
  "while its image isn't there": { play: { first: "waiting: ImagePullBackOff" }, ready: "False ImagePullFailed" },
  "while it runs": { play: { first: "running" }, ready: "False Running" },
};
const named = (text: string): string => text.replaceAll(/[^a-z]+/g, "-");

/** A second try of a test must not meet what the first one left. */
let made = 0;
const fresh = (name: string): string => `${name}-${++made}`;

describe.concurrent.each(Object.keys(STAGES))("%s", (when) => {
  const { play = SUCCESS, ready = "" } = STAGES[when] ?? {};
  const begin = async (name: string): Promise<string> =>
    await create(stage, { namespace, name: fresh(`${name}-${named(when)}`), plays: [play, SUCCESS] });

  test.each(["Foreground", "Background"])("a Job that is deleted (%s) is made or tried again", async (how) => {
    const key = await begin(`job-${how.toLowerCase()}`);
    await deleteJob(await reached(key, ready), how);
    await expectTruth(stage, key, { is: "True Applied", runs: ["SUCCESS"], lostJobs: 1 });
  });

  test("a status that is wiped is made anew, by a run that proves it", async () => {
    const key = await begin("wiped");
    const run = await reached(key, ready);
    const path = pathOf(MIGRATIONS, namespace, key.split("/")[1] ?? "", "status");
    await stage.api.request("PATCH", path, { patch: "merge", body: { status: null } });
    await until("its Job is gone", () => run.gone);
    await expectTruth(stage, key, { is: "True Applied", runs: ["SUCCESS"], lostJobs: 1 });
  });

  test("a resource that is deleted takes its Job along, and its namesake begins anew", async () => {
    const key = await begin("namesake");
    const run = await reached(key, ready);
    await stage.api.request("DELETE", pathOf(MIGRATIONS, namespace, key.split("/")[1] ?? ""));
    await create(stage, { namespace, name: key.split("/")[1] ?? "" });
    await expectTruth(stage, key, { is: "True Applied", runs: ["SUCCESS"] });
    await until("its Job is gone", () => run.gone);
  });
});

describe.concurrent("a pod that is deleted is a run that is tried again", () => {
  const withPod = Object.entries(STAGES).filter(([, { play }]) => play.first !== "no-pod");
  test.each(withPod)("%s", async (when, { play, ready }) => {
    const key = await create(stage, { namespace, name: fresh(`pod-${named(when)}`), plays: [play, SUCCESS] });
    await deletePod(await reached(key, ready));
    await expectTruth(stage, key, { is: "True Applied", runs: ["SUCCESS"] });
    expect(latest(stage, key)?.status?.runs).toMatchObject([
      { status: "SUCCESS" },
      { status: "FAILED", error: { code: "PodDeleted" } },
    ]);
  });
});

test.each(["job", "pod"])("a %s that is deleted when all is applied changes nothing", async (what) => {
  const key = await create(stage, { namespace, name: fresh(`ended-${what}`) });
  await expectTruth(stage, key, { is: "True Applied", runs: ["SUCCESS"] });
  const before = latest(stage, key)?.metadata.resourceVersion;
  const [run] = runsOf(key);
  if (run === undefined) throw new Error("it has no Job");
  await (what === "job" ? deleteJob(run, "Background") : deletePod(run));
  await sleep(500);
  await expectTruth(stage, key, { is: "True Applied", runs: ["SUCCESS"] });
  expect(latest(stage, key)?.metadata.resourceVersion).toBe(before);
});

test("two namespaces with resources of one name have nothing to do with one another", async () => {
  const { retried, failing } = SCENES;
  const name = fresh("twin");
  await Promise.all([retried(stage, namespace, name), failing(stage, "other", name)]);
});

test("a namespace that is being deleted while a run is on ends with it, and the others go on", async () => {
  const over = Promise.withResolvers<void>();
  const plays: Play[] = [{ first: "running", until: over.promise, ...LOCK_TIMEOUT }, SUCCESS];
  const key = await create(stage, { namespace: "ending", name: "web", plays });
  const begun = await create(stage, { namespace: "ending", name: "begun", plays: [{ first: "running" }] });
  await reached(key, "False Running");
  await reached(begun, "False Running");
  await stage.api.request("DELETE", "/api/v1/namespaces/ending");
  over.resolve();
  // Nothing can be made there any more.
  await until("its next Job is refused", () => condition(stage, key) === "False JobNotCreated");
  await SCENES.retried(stage, "other", "meanwhile");
  for (const name of ["web", "begun"]) await stage.api.request("DELETE", pathOf(MIGRATIONS, "ending", name));
  await until("its Jobs are gone", () => [...runsOf(key), ...runsOf(begun)].every(({ gone }) => gone));
  const told = operator.lines.length;
  await SCENES.failing(stage, "other", "afterwards");
  const later = operator.lines.slice(told).filter((line) => JSON.stringify(line).includes('"ending"'));
  expect(later).toEqual([]);
  expect(runsOf(key)).toHaveLength(1);
  expect(operator.child.exitCode).toBeNull();
});
