/** The gate: no pod of a release starts before its schema is there, and nothing else ever holds one. */
import { it } from "vitest";
import { podOf } from "../../cluster/job.ts";
import { until } from "./recorder.ts";
import { sceneOf } from "./scene.ts";
import { SERVED_PATH, servedImage } from "./sources.ts";
import { openStage } from "./stage.ts";
import type { Stage } from "./stage.ts";
import { tables } from "./workload.ts";

const scene = sceneOf({ namespace: "e2e-gate" });

type Pod = {
  metadata: { name: string; deletionTimestamp?: string };
  spec: { schedulingGates?: unknown[]; containers: { image: string }[] };
  status: { phase: string };
};

const source = { workload: { name: "web" }, path: SERVED_PATH, format: "Sql" };

/** A Deployment, or another kind, whose pods wait at the gate for what `names` says. */
function gated(name: string, image: string, { kind = "Deployment", names = "web", replicas = 2 } = {}) {
  const labels = { app: name };
  const metadata = { labels, annotations: { "lockkeeper.dev/migration": names } };
  const container = { image, command: ["/bin/sleep", "3600"] };
  const user = {
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: "RuntimeDefault" } },
  };
  const spec = { schedulingGates: [{ name: "lockkeeper.dev/migration" }], ...podOf(container, user) };
  const keepsOld = { strategy: { rollingUpdate: { maxUnavailable: 0 } }, progressDeadlineSeconds: 3_600 };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name },
    spec: {
      ...{ replicas, selector: { matchLabels: labels }, template: { metadata, spec } },
      ...(kind === "Deployment" ? keepsOld : { serviceName: name }),
    },
  };
}

async function podsOf(stage: Stage, app: string): Promise<Pod[]> {
  const { items } = JSON.parse(await stage.kubectl("get", "pods", "-l", `app=${app}`, "-o", "json")) as {
    items: Pod[];
  };
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

const isRunning = ({ status }: Pod): boolean => status.phase === "Running";
const waits = ({ spec }: Pod): boolean => (spec.schedulingGates?.length ?? 0) > 0;
const imageOf = ({ spec }: Pod): string | undefined => spec.containers[0]?.image;

/** Until so many pods of the app run that image. */
async function running(stage: Stage, app: string, image: string, count: number): Promise<void> {
  let last: Pod[] = [];
  const check = async (): Promise<true | null> => {
    last = await podsOf(stage, app);
    return last.filter((pod) => isRunning(pod) && imageOf(pod) === image).length === count ? true : null;
  };
  for (let tries = 0; tries < 300; tries++) {
    if ((await check()) !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${count} pods of ${app} with ${image} don't run: ${JSON.stringify(last)}`);
}

const eventsOf = async (stage: Stage, kind: string): Promise<string> =>
  await stage.kubectl(
    "get",
    "events.events.k8s.io",
    "-o",
    `jsonpath={range .items[?(@.regarding.kind=="${kind}")]}{.reason}: {.note}{"\\n"}{end}`,
  );

it("starts a release's pods when its migrations are applied; a broken one leaves the old one serving", async ({
  expect,
}) => {
  await using stage = await openStage(scene());
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
    .poll(async () => await eventsOf(stage, "Pod"), { timeout: 20_000 })
    .toMatch(/MigrationFailed: .*kubectl rollout undo/);
  await expect
    .poll(async () => await eventsOf(stage, "Deployment"), { timeout: 20_000 })
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
});

it("two rollouts in quick succession: the newest wins, and none starts early", async ({ expect }) => {
  await using stage = await openStage(scene());
  const web = await stage.migrate("web", { source });
  await stage.apply(gated("web", servedImage("one")));
  await stage.kubectl("set", "image", "deployment/web", `main=${servedImage("two")}`);
  await running(stage, "web", servedImage("two"), 2);
  expect(await web.settled("Applied")).toMatch(/^0002_b/);
  expect(await tables(stage.db)).toEqual(["a", "b"]);
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
  await expect.poll(async () => await eventsOf(stage, "Pod"), { timeout: 20_000 }).toContain("WaitsForWorkload");
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
  await expect.poll(async () => await eventsOf(stage, "Pod"), { timeout: 20_000 }).toContain("billing");
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
  await expect
    .poll(async () => await eventsOf(stage, "Pod"), { timeout: 20_000 })
    .toMatch(/GateUnsupported: .*StatefulSet/);
  expect((await podsOf(stage, "store")).map(waits)).toEqual([true]);
});
