/** What random rollouts can't tell, or seldom: each scene throws when its rule is broken. */
import assert from "node:assert/strict";
import { ApiError } from "../../../operator/api/api.ts";
import { stage } from "../../../operator/gate/pods.fixture.ts";
import { world } from "../../../operator/reconcile/world.fixture.ts";
import type { World } from "../../../operator/reconcile/world.fixture.ts";
import { liveKeys, targetOf } from "../../../operator/release/target.ts";
import { fakeCluster } from "../../../operator/gate/cluster.fixture.ts";
import type { RawMigration } from "../../../operator/watch/migration.ts";
import { databaseAt } from "../../../operator/gate/rollout.fixture.ts";

const NO = { code: "42703", message: "no", migration: null };
const FAILED = { outcome: "FAILED", exitCode: 11, pendingCount: 1, error: NO } as const;
const images = (number: number) => ({ source: { image: { ref: `web:${number}` }, path: "/app/drizzle" } });
const isPodPatch = ({ method, path }: { method: string; path: string }): boolean =>
  method === "PATCH" && path.includes("/pods/");

/** A run has failed for good. */
function failed(): World {
  const web = world();
  web.look();
  web.report(FAILED);
  web.look();
  return web;
}

/** A run that is on, whose Job says something else than the status. */
function mistaken(change: Partial<World["jobs"][number]>): void {
  const web = world();
  web.look();
  const job = web.jobs[0];
  assert(job);
  Object.assign(job, change);
  web.report();
  web.look();
  assert.notEqual(web.status.releases?.[0]?.state, "Applied");
}

/** So many releases, each proved, while the newest one's ReplicaSet is what is wanted. */
function releases(count: number): World {
  const web = world({ spec: images(0) });
  for (let number = 0; number < count; number++) {
    web.change(images(number));
    web.look();
    web.report();
    web.look();
  }
  return web;
}

export const SCENES: (() => void | Promise<void>)[] = [
  function retryClearsAFailureOnce() {
    const web = failed();
    web.look();
    assert.equal(web.created.length, 1, "what has failed for good is run again");
    web.annotate({ "lockkeeper.dev/retry": "1" });
    web.look();
    assert.equal(web.created.length, 2, "a retry is ignored");
    web.report(FAILED);
    web.look();
    web.look();
    assert.equal(web.created.length, 2, "a retry is taken twice");
    assert.notEqual(web.created[0]?.job, web.created[1]?.job);
  },
  function aNewGenerationClearsAFailure() {
    const web = failed();
    web.change({ lock: { retries: 3 } });
    web.look();
    assert.equal(web.created.length, 2);
  },
  function aReleaseIsRunBeforeItHasPods() {
    const cluster = fakeCluster();
    cluster.deploy("web", "web:1");
    const web = world({ spec: { database: databaseAt("a"), source: { workload: { name: "web" }, path: "/app" } } });
    const workload = () => {
      const deployment = cluster.deployments.get("web");
      return { deployment: deployment ?? null, replicaSets: cluster.setsOf("web") };
    };
    // A template that the Deployment's controller hasn't seen.
    const deployment = cluster.deployments.get("web");
    assert(deployment);
    const metadata = { ...deployment.metadata, generation: 7 };
    web.look({ target: targetOf(web.migration(), { ...workload(), deployment: { ...deployment, metadata } }) });
    assert.equal(web.created.length, 0, "a release that is over is run");
    web.look({ target: targetOf(web.migration(), workload()), dies: true });
    web.look({ target: targetOf(web.migration(), workload()) });
    assert.equal(web.created.length, 1, "the run isn't started");
    assert.equal(web.created[0]?.job, web.status.releases?.[0]?.job);
  },
  function aJobOfAnotherEpochProvesNothing() {
    mistaken({ epoch: 0 });
  },
  function aJobOfAnotherReleaseProvesNothing() {
    mistaken({ key: "other" });
  },
  function anExitCodeProvesNothingAlone() {
    const web = world();
    web.look();
    web.report({ exitCode: 70 });
    web.look();
    assert.notEqual(web.status.releases?.[0]?.state, "Applied");
  },
  function nothingPendingIsProof() {
    const web = world();
    web.look();
    web.report({ outcome: "SKIPPED", appliedCount: 0, applied: [] });
    web.look();
    assert.equal(web.status.releases?.[0]?.state, "Applied");
  },
  function anOutcomeOfAnOlderEpochIsNotUsed() {
    const web = world();
    web.look();
    web.annotate({ "lockkeeper.dev/recheck": "1" });
    web.look();
    web.report(FAILED);
    web.look();
    assert.equal(web.created.length, 2, "a run of an older epoch decides");
    web.report();
    web.look();
    web.change(images(2));
    web.look();
    web.report({ ...FAILED, database: { systemIdentifier: "8", name: "shop", oid: 16_384 } });
    web.look();
    assert.notEqual(web.status.releases?.[0]?.state, "Failed", "the first report of another database decides");
  },
  function aCheckMayWithdrawProof() {
    const web = world();
    web.look();
    web.report();
    web.look();
    web.pass(7 * 3_600_000);
    web.look();
    assert.equal(web.created.at(-1)?.command, "status");
    web.report({ pendingCount: 1, pending: ["0002_b"] });
    web.look();
    assert.equal(web.status.epoch, 2);
  },
  function anUnwantedJobIsWaitedFor() {
    const web = world({ slowDeletion: true });
    web.look();
    web.outcome({ is: "starting", reason: "ImagePullFailed", message: "no", pod: "web-pod" });
    web.look();
    web.change(images(2));
    web.look();
    assert.equal(web.created.length, 1, "two Jobs at once");
    web.collect();
    web.look();
    assert.equal(web.created.length, 2);
  },
  function proofIsKeptAsLongAsItMayBeNeeded() {
    const web = releases(30);
    const first = web.created[0];
    assert(first);
    const keys = () => (web.status.releases ?? []).map(({ key }) => key);
    assert(!keys().includes(first.key), "proof is never forgotten");
    const kept = world({ spec: images(0) });
    const all = new Set<string>();
    for (let number = 0; number < 30; number++) {
      kept.change(images(number));
      kept.look({ live: all });
      all.add(kept.created.at(-1)?.key ?? "");
      kept.report();
      kept.look({ live: all });
    }
    assert.equal(kept.status.releases?.length, 30, "proof of what has pods is forgotten");
    const cluster = fakeCluster();
    for (let number = 0; number < 30; number++) cluster.deploy("web", `web:${number}`);
    const source = { workload: { name: "web" }, path: "/app" };
    const migration = world({ spec: { database: databaseAt("a"), source } }).migration();
    const live = (replicas: number) => {
      const sets = cluster.setsOf("web").map((set) => ({ ...set, spec: { ...set.spec, replicas } }));
      return liveKeys(migration, { deployment: cluster.deployments.get("web") ?? null, replicaSets: sets })?.size;
    };
    assert.deepEqual([live(0), live(1)], [20, 30]);
  },
  function anOldLeaderOpensNothing() {
    return refused(409, "Conflict");
  },
  async function aProvedPodIsOpenedAndNoOther() {
    const sent: unknown[] = [];
    const { web, pods } = stage({
      proved: true,
      answer: (call) => void (isPodPatch(call) && sent.push(call.body)),
    });
    const pod = pods()[0];
    await web.look();
    const gates = [{ $patch: "delete", name: "lockkeeper.dev/migration" }];
    const { uid, resourceVersion } = pod?.metadata ?? {};
    assert.deepEqual(sent, [{ metadata: { uid, resourceVersion }, spec: { schedulingGates: gates } }]);
    const held = stage();
    await held.web.look();
    assert.equal(held.pods().length, 1);
    assert(
      held.web.events.some((text) => text.startsWith("Pod WaitsForMigration")),
      "nobody is told why",
    );
  },
  async function nothingIsOpenedWithoutTheLease() {
    let isOver = false;
    const { web, pods } = stage({ proved: true, answer: ({ path }) => void (isOver ||= path.includes("/status")) });
    web.context.leads = () => !isOver;
    await web.look().catch(() => {});
    assert.deepEqual([isOver, pods().length], [true, 1]);
  },
  async function aPodThatWasWrittenMeanwhileIsLookedAtAgain() {
    let conflicts = 1;
    const { web, pods } = stage({
      proved: true,
      answer(call) {
        if (isPodPatch(call) && conflicts-- > 0) throw new ApiError(409, "Conflict", "");
        if (call.method !== "GET" || !call.path.includes("/pods/")) return undefined;
        return { ...pods()[0], metadata: { ...pods()[0]?.metadata, resourceVersion: "999" } };
      },
    });
    assert.equal(await web.look(), 0);
  },
  async function aPodThatIsGoneIsForgotten() {
    const { web, pods } = stage({
      proved: true,
      answer(call) {
        if (isPodPatch(call)) throw new ApiError(404, "NotFound", "");
      },
    });
    await web.look();
    assert.equal(pods().length, 0);
  },
  async function theLaterOfTwoOpens() {
    let isWritten = false;
    const { web, applied, pods } = stage({
      names: "web,billing",
      answer: ({ path }) => {
        if (!path.includes("databasemigrations/web/status") || isWritten) return;
        isWritten = true;
        const raw = web.migration();
        const billing = { ...raw, metadata: { ...raw.metadata, name: "billing", uid: "uid-billing" } } as RawMigration;
        web.stores.migrations.event("ADDED", { ...billing, status: applied(billing) });
      },
    });
    const raw = web.migration();
    const metadata = { ...raw.metadata, resourceVersion: "77" };
    web.stores.migrations.event("MODIFIED", { ...raw, metadata, status: applied(raw) });
    while ((await web.look()) === 0);
    assert.equal(pods().length, 0);
  },
];

/** The write that would tell of what is opened is refused. */
async function refused(status: number, reason: "Conflict"): Promise<void> {
  const { web, pods } = stage({
    proved: true,
    answer: ({ path }) => {
      if (path.includes("/status")) throw new ApiError(status, reason, "");
    },
  });
  await web.look().catch(() => {});
  assert.equal(pods().length, 1);
}
