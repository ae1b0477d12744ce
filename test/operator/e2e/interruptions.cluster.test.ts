/** What people and the cluster do to a run that is on. The end is always the true one, and nothing is applied twice. */
import { it } from "vitest";
import { until } from "./recorder.ts";
import { sceneOf } from "./scene.ts";
import { openStage } from "./stage.ts";
import type { Stage, Subject } from "./stage.ts";
import { tables } from "./workload.ts";

const scene = sceneOf({ namespace: "e2e-interruptions" });

/** One that fails if it is applied a second time, one that waits for the reader of `held`. */
const FILES = { "0001_a.sql": "create table a (id int);", "0002_held.sql": "alter table held add b int;" };
const PATIENT = { lock: { timeout: "100s", retries: 0 } };

const ENDS = {
  evicted: async ({ scene: { api }, namespace }: Stage, name: string): Promise<void> => {
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { namespace, name } };
    await api.request("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, { body });
  },
  deleted: async (stage: Stage, name: string): Promise<void> => {
    await stage.kubectl("delete", "pod", name, "--wait=false");
  },
};

it.for(["evicted", "deleted"] as const)("begins again after its pod was %s", async (end, { expect }) => {
  await using stage = await openStage(scene());
  const { dbm, reader } = await blocked(stage);
  await ENDS[end](stage, await podOf(dbm));
  await dbm.saw("Reconciling", { matching: /tried again after/ });
  await reader.end();
  expect(await dbm.settled("Applied")).toMatch(/^0002_held;/);
  expect(dbm.runs().map(({ status }) => status)).toEqual(["SUCCESS", "FAILED"]);
  expect(dbm.runs()[1]?.error?.code).toMatch(/^(CANCELLED|Evicted|PodDeleted|Killed)$/);
});

it("begins again after its Job was deleted", async ({ expect }) => {
  await using stage = await openStage(scene());
  const { dbm, reader } = await blocked(stage);
  const { job = "" } = dbm.runs()[0] ?? {};
  await stage.kubectl("delete", "job", job, "--wait=false");
  const jobs = () => scene().recorder.jobs.filter(({ object }) => object.metadata.namespace === stage.namespace);
  await until(
    () => new Set(jobs().map(({ object }) => object.metadata.uid)).size === 2,
    () => "another Job",
  );
  await reader.end();
  expect(await dbm.settled("Applied")).toMatch(/^0002_held;/);
});

it("is cancelled when its resource is deleted, which goes at once", async ({ expect }) => {
  await using stage = await openStage(scene());
  const { dbm } = await blocked(stage);
  const { id } = dbm.runs()[0] ?? {};
  await stage.kubectl("delete", "databasemigration", dbm.name, "--timeout=5s");
  const rows = () => stage.db.query("select id, status, error_code from lockkeeper.migration_run_log");
  await expect.poll(rows, { timeout: 30_000 }).toEqual([{ id, status: "FAILED", error_code: "CANCELLED" }]);
  await stage.kubectl("wait", "--for=delete", "jobs,pods", "--all", "--timeout=60s");
  expect(await tables(stage.db)).toEqual(["a", "held"]);
});

it("ends before the run of a spec that changed meanwhile", async ({ expect }) => {
  await using stage = await openStage(scene());
  await stage.files("next", { ...FILES, "0003_c.sql": "create table c (id int);" });
  const { dbm, reader } = await blocked(stage);
  await dbm.change({ source: { configMap: { name: "next" } } });
  await until(
    () => dbm.now().status?.observedGeneration === 2,
    () => "the new generation is seen",
  );
  expect(dbm.runs()).toHaveLength(1);
  await reader.end();
  expect(await dbm.settled("Applied")).toMatch(/^0003_c; 1 applied/);
  expect(dbm.runs().map(({ status, applied }) => [status, applied])).toEqual([
    ["SUCCESS", ["0003_c"]],
    ["SUCCESS", ["0001_a", "0002_held"]],
  ]);
});

it("goes on to its end when the resource is suspended, and none begins until it isn't", async ({ expect }) => {
  await using stage = await openStage(scene());
  await stage.files("next", { ...FILES, "0003_c.sql": "create table c (id int);" });
  const { dbm, reader } = await blocked(stage);
  await dbm.change({ suspend: true, source: { configMap: { name: "next" } } });
  await until(
    () => dbm.now().status?.observedGeneration === 2,
    () => "the new generation is seen",
  );
  await reader.end();
  await dbm.settled("Suspended");
  expect(dbm.runs().map(({ status }) => status)).toEqual(["SUCCESS"]);
  await dbm.change({ suspend: false });
  expect(await dbm.settled("Applied")).toMatch(/^0003_c; 1 applied/);
});

/** A resource whose run waits for the reader to end its transaction. */
async function blocked(stage: Stage): Promise<{ dbm: Subject; reader: Awaited<ReturnType<Stage["reader"]>> }> {
  const reader = await stage.reader("held");
  await stage.files("web", FILES);
  const dbm = await stage.migrate("web", PATIENT);
  await dbm.saw("Reconciling", { reason: "WaitingForLock", matching: /0002_held/ });
  return { dbm, reader };
}

async function podOf(dbm: Subject): Promise<string> {
  const { job } = dbm.runs()[0] ?? {};
  const seen = scene().recorder.pods.findLast(
    ({ object }) => object.metadata.labels?.["batch.kubernetes.io/job-name"] === job,
  );
  return seen?.object.metadata.name ?? "";
}
