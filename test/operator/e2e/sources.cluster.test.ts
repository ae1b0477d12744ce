/** The three sources of migrations, and how they leave an image. */
import { it } from "vitest";
import { sceneOf } from "./scene.ts";
import { LAST, PATH, appImage, bareImage } from "./sources.ts";
import { openStage } from "./stage.ts";
import type { Stage, Subject } from "./stage.ts";
import { releaseTwo, tables, workload } from "./workload.ts";

const scene = sceneOf({ namespace: "e2e-sources" });
/** They wait while there is other work. */
const EVENTS_COME = { timeout: 20_000 };

it("migrates to the files of a ConfigMap, and kubectl shows it", async ({ expect }) => {
  await using stage = await openStage(scene());
  await stage.files("web", { "0001_a.sql": "create table a (id int);", "0002_b.sql": "create table b (id int);" });
  const web = await stage.migrate("web");
  await stage.kubectl("wait", "--for=condition=Ready", "databasemigration/web", "--timeout=60s");
  expect(await web.settled("Applied")).toMatch(/^0002_b; 2 applied in /);
  expect(await tables(stage.db)).toEqual(["a", "b"]);

  const [headings = "", row = ""] = (await stage.kubectl("get", "dbm")).split("\n");
  expect(headings.split(/\s{2,}/)).toEqual(["NAME", "READY", "REASON", "VERSION", "PENDING", "LAST RUN", "AGE"]);
  expect(row).toMatch(/^web +True +Applied +0002_b +0 +\d+s +\d+s$/);
  const wide = await stage.kubectl("get", "dbm", "-o", "wide");
  expect(wide).toMatch(/ web +0002_b; 2 applied in /);
  const described = async () => (await stage.kubectl("describe", "databasemigration/web")).split("Events:")[1];
  for (const reason of ["RunStarted", "Applied"]) await expect.poll(described, EVENTS_COME).toContain(reason);
  expect(await stage.kubectl("explain", "databasemigration.spec")).toContain("source");
});

it("gives a run one id in status, events, its own log, the operator's log and the run log", async ({ expect }) => {
  await using stage = await openStage(scene());
  await stage.files("web", { "0001_a.sql": "create table a (id int);" });
  const web = await stage.migrate("web");
  await web.settled("Applied");
  const { id, job, host } = web.runs()[0] ?? {};
  expect(web.runs()).toMatchObject([{ status: "SUCCESS", applied: ["0001_a"], versionAfter: "0001_a" }]);
  const rows = await stage.db.query("select id, status, runner, host, source from lockkeeper.migration_run_log");
  expect(rows).toEqual([{ id, status: "SUCCESS", runner: "kubernetes-job", host, source: "web" }]);
  // The status is written before the log tells of it.
  const said = async () => (await scene().log()).filter(({ runId }) => runId === id).map(({ msg }) => msg);
  for (const line of ["job created", "run ended"]) await expect.poll(said, EVENTS_COME).toContain(line);
  expect(await stage.kubectl("logs", `job/${job}`)).toContain(id);
  await expect
    .poll(() => stage.kubectl("get", "events.events.k8s.io", "-o", "jsonpath={.items[*].note}"), EVENTS_COME)
    .toContain(`run ${id}: 0001_a`);
});

it.for([
  ["as a volume, from an image that has nothing but files", bareImage(1), "ImageVolume"],
  ["by itself as a volume", bareImage(1), "Auto"],
  ["as a copy by the image's own cp", appImage(1), "InitContainer"],
] as const)("takes files out of an image: %s", async ([, ref, copy], { expect }) => {
  await using stage = await openStage(scene());
  const web = await stage.migrate("web", { source: { image: { ref }, path: PATH, copy } });
  expect(await web.settled("Applied")).toMatch(new RegExp(`^${LAST[1]}; 11 applied in `));
  const { source, schema } = web.now().status ?? {};
  expect(source).toMatchObject({ image: ref, available: 11 });
  expect(schema).toMatchObject({ version: LAST[1], applied: 11, pending: 0 });
  const pod = JSON.stringify(scene().recorder.pods.find(({ object }) => object.metadata.namespace === stage.namespace));
  expect(pod.includes("copy-migrations")).toBe(copy === "InitContainer");
});

it("says of an image without cp that it can't be copied from, and goes on when it may be mounted", async ({
  expect,
}) => {
  await using stage = await openStage(scene());
  const source = { image: { ref: bareImage(1) }, path: PATH };
  const web = await stage.migrate("web", { source: { ...source, copy: "InitContainer" } });
  expect(await web.settled("CopyUnsupported")).toContain("has no cp");
  expect(web.condition("Stalled")).toMatchObject({ status: "True", reason: "CopyUnsupported" });
  expect(web.runs()).toMatchObject([{ status: "FAILED", error: { code: "CopyUnsupported" } }]);
  await web.change({ source: { copy: "ImageVolume" } });
  await web.settled("Applied");
});

it("follows a Deployment: a run for each new image, and after a rollback the database is ahead", async ({ expect }) => {
  await using stage = await openStage(scene());
  const web = await stage.migrate("web", { source: { workload: { name: "web" }, path: PATH } });
  await web.saw("Reconciling", { reason: "WorkloadNotFound" });
  await stage.apply(workload("web", appImage(1)));
  expect(await web.settled("Applied")).toContain(LAST[1]);
  expect(web.now().status?.source).toMatchObject({ image: appImage(1), workloadGeneration: await generation(stage) });

  await stage.kubectl("set", "image", "deployment/web", `web=${appImage(2)}`);
  await applied(web, LAST[2]);
  expect(web.now().status?.source).toMatchObject({ image: appImage(2), workloadGeneration: await generation(stage) });
  expect(web.runs().map(({ applied: done }) => done)).toEqual([releaseTwo, expect.any(Array)]);

  await stage.kubectl("set", "image", "deployment/web", `web=${appImage(1)}`);
  expect(await web.settled("DatabaseAhead")).toMatch(/ahead|newer release/);
  expect(web.condition("Ready")?.status).toBe("True");
});

it("says that an image can't be pulled, and goes on with one that can", async ({ expect }) => {
  await using stage = await openStage(scene());
  const source = { path: PATH, copy: "InitContainer" };
  const web = await stage.migrate("web", { source: { ...source, image: { ref: "localhost/absent:1" } } });
  expect(await web.saw("Reconciling", { reason: "ImagePullFailed" })).toContain("localhost/absent:1");
  await web.change({ source: { ...source, image: { ref: appImage(1) } } });
  await web.settled("Applied");
});

const applied = async (web: Subject, version: string): Promise<string> =>
  await web.saw("Ready", { status: "True", reason: "Applied", matching: new RegExp(`^${version};`) });

const generation = async ({ kubectl }: Stage): Promise<number> =>
  Number(await kubectl("get", "deployment/web", "-o", "jsonpath={.metadata.generation}"));
