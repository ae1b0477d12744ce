/** The gate: no pod of a release starts before its schema is there, and nothing else ever holds one. */
import { it } from "vitest";
import { eventsOf, gated, imageOf, isRunning, podsOf, running, source, waits, watchStarts } from "./gated.ts";
import { until } from "./recorder.ts";
import { sceneOf } from "./scene.ts";
import { servedImage } from "./sources.ts";
import { openStage } from "./stage.ts";
import { tables } from "./workload.ts";

const scene = sceneOf({ namespace: "e2e-gate" });
const patience = { timeout: 60_000 };

it("starts a release's pods when its migrations are applied; a broken one leaves the old one serving", async ({
  expect,
}) => {
  await using stage = await openStage(scene());
  using pods = await watchStarts(stage, "web");
  const web = await stage.migrate("web", { source });
  await stage.apply(gated("web", servedImage("one")));
  await running(stage, "web", servedImage("one"), 2);
  expect(await web.settled("Applied")).toMatch(/^0001_a; 1 applied/);
  expect(await tables(stage.db)).toEqual(["a"]);

  await stage.kubectl("set", "image", "deployment/web", `main=${servedImage("broken")}`);
  expect(await web.settled("MigrationFailed")).toContain("tabel");
  const held = (await podsOf(stage, "web")).filter(waits);
  expect(held.map(imageOf)).toEqual([servedImage("broken")]);
  await running(stage, "web", servedImage("one"), 2);
  await expect
    .poll(async () => await eventsOf(stage, "Pod"), patience)
    .toMatch(/MigrationFailed: .*kubectl rollout undo/);
  await expect
    .poll(async () => await eventsOf(stage, "Deployment"), patience)
    .toContain("MigrationFailed: new pods wait");

  // Evicted, scaled, suspended: what is proved passes.
  await web.change({ suspend: true });
  const [first] = (await podsOf(stage, "web")).filter(isRunning);
  await stage.kubectl("delete", "pod", first?.metadata.name ?? "", "--wait=false", "--grace-period=1");
  await running(stage, "web", servedImage("one"), 2);

  const before = web.runs().length;
  await stage.kubectl("rollout", "undo", "deployment/web");
  await stage.kubectl("rollout", "status", "deployment/web", "--timeout=60s");
  await stage.kubectl("scale", "deployment/web", "--replicas=4");
  await running(stage, "web", servedImage("one"), 4);
  expect(web.runs()).toHaveLength(before);
  // 0002_b was applied by the broken release before it failed.
  expect(await tables(stage.db)).toEqual(["a", "b"]);
  expect(pods.count()).toBeGreaterThanOrEqual(5);
  expect(pods.early(web.states())).toEqual([]);
});

it("two rollouts in quick succession: the newest wins, and none starts early", async ({ expect }) => {
  await using stage = await openStage(scene());
  using pods = await watchStarts(stage, "web");
  const web = await stage.migrate("web", { source });
  await stage.apply(gated("web", servedImage("one")));
  await stage.kubectl("set", "image", "deployment/web", `main=${servedImage("two")}`);
  await running(stage, "web", servedImage("two"), 2);
  expect(await web.settled("Applied")).toMatch(/^0002_b/);
  expect(await tables(stage.db)).toEqual(["a", "b"]);
  expect(pods.count()).toBeGreaterThanOrEqual(2);
  expect(pods.early(web.states())).toEqual([]);
});

it("a worker beside the web passes with the web's image, and waits with another one", async ({ expect }) => {
  await using stage = await openStage(scene());
  await stage.migrate("web", { source });
  await stage.apply(
    gated("web", servedImage("one"), { replicas: 1 }),
    gated("worker", servedImage("one"), { replicas: 1 }),
  );
  await running(stage, "worker", servedImage("one"), 1);
  await stage.kubectl("set", "image", "deployment/worker", `main=${servedImage("two")}`);
  await expect.poll(async () => await eventsOf(stage, "Pod"), patience).toContain("WaitsForWorkload");
  expect((await podsOf(stage, "worker")).filter(waits).map(imageOf)).toEqual([servedImage("two")]);
  await stage.kubectl("set", "image", "deployment/web", `main=${servedImage("two")}`);
  await running(stage, "worker", servedImage("two"), 1);
});

it("a Deployment on two databases starts when both are there", async ({ expect }) => {
  await using stage = await openStage(scene());
  await stage.migrate("web", { source });
  await stage.apply(gated("web", servedImage("one"), { replicas: 1, names: "web,billing" }));
  await until(
    () =>
      stage.scene.recorder.migrations.some(({ object }) => object.status?.releases?.[0]?.state === "Applied") || null,
    () => "web is applied",
  );
  await expect.poll(async () => await eventsOf(stage, "Pod"), patience).toContain("billing");
  expect((await podsOf(stage, "web")).map(waits)).toEqual([true]);
  await stage.migrate("billing", {
    source,
    history: { table: "lockkeeper.billing_history" },
    apply: { baseline: "0001_a" },
  });
  await running(stage, "web", servedImage("one"), 1);
});

it("a StatefulSet's pod stays, and an event says why", async ({ expect }) => {
  await using stage = await openStage(scene());
  await stage.migrate("web", { source });
  await stage.apply(gated("store", servedImage("one"), { kind: "StatefulSet", replicas: 1 }));
  await expect.poll(async () => await eventsOf(stage, "Pod"), patience).toMatch(/GateUnsupported: .*StatefulSet/);
  expect((await podsOf(stage, "store")).map(waits)).toEqual([true]);
});

it("a pod with the gate and no annotation, or one that names what isn't there, is told of", async ({ expect }) => {
  await using stage = await openStage(scene());
  const one = { replicas: 1 };
  await stage.apply(gated("nameless", servedImage("one"), { ...one, names: null }));
  await stage.apply(gated("ghost", servedImage("one"), { ...one, names: "ghost" }));
  await expect.poll(async () => await eventsOf(stage, "Pod"), patience).toContain("MigrationNotNamed");
  await expect.poll(async () => await eventsOf(stage, "Deployment"), patience).toContain("MigrationNotFound");
  expect((await podsOf(stage, "nameless")).map(waits)).toEqual([true]);
  // Both learn of it: the one by its resource, the other by its template.
  await stage.migrate("ghost", { source: { ...source, workload: { name: "ghost" } } });
  const annotations = { "lockkeeper.dev/migration": "ghost" };
  const patch = { spec: { template: { metadata: { annotations } } } };
  await stage.kubectl("patch", "deployment/nameless", "--patch", JSON.stringify(patch));
  await running(stage, "ghost", servedImage("one"), 1);
  await running(stage, "nameless", servedImage("one"), 1);
});

it("the same tag in a new template, a Deployment made again, a scale-up in between: each waits for its own", async ({
  expect,
}) => {
  await using stage = await openStage(scene());
  const web = await stage.migrate("web", { source });
  await stage.apply(gated("web", servedImage("one")));
  await running(stage, "web", servedImage("one"), 2);
  expect(web.runs()).toHaveLength(1);

  await stage.kubectl("rollout", "restart", "deployment/web");
  await stage.kubectl("rollout", "status", "deployment/web", "--timeout=60s");
  await running(stage, "web", servedImage("one"), 2);
  expect(web.runs()).toHaveLength(2);

  await stage.kubectl("delete", "deployment/web", "--wait=false");
  await stage.apply(gated("web", servedImage("one"), { replicas: 1 }));
  await running(stage, "web", servedImage("one"), 1);
  await expect.poll(() => web.runs().length, patience).toBe(3);

  // The release that is scaled up is held; the old one's pods come at once.
  await stage.kubectl("set", "image", "deployment/web", `main=${servedImage("broken")}`);
  await web.settled("MigrationFailed");
  const before = web.runs().length;
  await stage.kubectl("scale", "deployment/web", "--replicas=6");
  await expect.poll(async () => (await podsOf(stage, "web")).length, patience).toBeGreaterThan(6);
  await expect
    .poll(async () => (await podsOf(stage, "web")).filter((pod) => waits(pod)).map(imageOf), patience)
    .not.toContain(servedImage("one"));
  const [old, held] = [servedImage("one"), servedImage("broken")];
  await expect
    .poll(
      async () => (await podsOf(stage, "web")).filter((pod) => isRunning(pod) && imageOf(pod) === old).length,
      patience,
    )
    .toBeGreaterThan(1);
  expect((await podsOf(stage, "web")).filter((pod) => imageOf(pod) === held).every(waits)).toBe(true);
  expect(web.runs()).toHaveLength(before);
});

it("Recreate lets nothing serve while it migrates, and says so; so does a deadline that is too short", async ({
  expect,
}) => {
  await using stage = await openStage(scene());
  const web = await stage.migrate("web", { source });
  await stage.apply(gated("web", servedImage("one"), { strategy: { type: "Recreate" }, progressDeadlineSeconds: 60 }));
  await running(stage, "web", servedImage("one"), 2);
  await stage.kubectl("set", "image", "deployment/web", `main=${servedImage("two")}`);
  await running(stage, "web", servedImage("two"), 2);
  expect(await web.settled("Applied")).toMatch(/^0002_b/);
  await expect.poll(async () => await eventsOf(stage, "Deployment"), patience).toContain("OldPodsMayGo");
  const events = await eventsOf(stage, "Deployment");
  expect(events).toMatch(/OldPodsMayGo: strategy Recreate/);
  expect(events).toMatch(/ProgressDeadlineShort: progressDeadlineSeconds 60 is less than/);
});

it("after a restore, recheck has every pod wait until its migrations are proved again", async ({ expect }) => {
  await using stage = await openStage(scene());
  const web = await stage.migrate("web", { source });
  await stage.apply(gated("web", servedImage("two"), { replicas: 1 }));
  await running(stage, "web", servedImage("two"), 1);
  // The backup is older than the release: its last migration is lost.
  await stage.db.query("drop table b");
  await stage.db.query("delete from lockkeeper.migration_history where name = '0002_b'");
  await web.annotate("lockkeeper.dev/recheck", "restored");
  await expect.poll(() => web.now().status?.epoch, patience).toBe(2);
  const [pod] = await podsOf(stage, "web");
  await stage.kubectl("delete", "pod", pod?.metadata.name ?? "", "--wait=false", "--grace-period=1");
  await expect.poll(() => web.runs().length, patience).toBe(2);
  await expect
    .poll(async () => (await podsOf(stage, "web")).filter(isRunning).map(({ metadata }) => metadata.name), patience)
    .not.toContain(pod?.metadata.name);
  await running(stage, "web", servedImage("two"), 1);
  expect(await tables(stage.db)).toEqual(["a", "b"]);
});

const alone = { concurrent: false };

it(
  "without the operator new pods wait and running ones serve; when it is back it opens what is due",
  alone,
  async ({ expect }) => {
    await using stage = await openStage(scene());
    const web = await stage.migrate("web", { source });
    await stage.apply(gated("web", servedImage("one")));
    await running(stage, "web", servedImage("one"), 2);
    await scene().away(async () => {
      await stage.kubectl("set", "image", "deployment/web", `main=${servedImage("two")}`);
      const [first] = (await podsOf(stage, "web")).filter(isRunning);
      await stage.kubectl("delete", "pod", first?.metadata.name ?? "", "--wait=true", "--grace-period=1");
      await expect
        .poll(async () => (await podsOf(stage, "web")).filter(waits).map(imageOf).toSorted(), patience)
        .toEqual([servedImage("one"), servedImage("two")]);
      expect((await podsOf(stage, "web")).filter(isRunning).map(imageOf)).toEqual([servedImage("one")]);
      expect(web.runs()).toHaveLength(1);
    });
    await running(stage, "web", servedImage("two"), 2);
    expect(web.runs().map(({ status }) => status)).toEqual(["SUCCESS", "SUCCESS"]);
  },
);
