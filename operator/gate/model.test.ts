/**
 * The gate against a model that knows which pods may run: whatever happens to releases, pods and the resource, a pod starts
 * only after the migrations of its own release were proved applied, and nothing else ever holds it.
 */
import { expect, test } from "vitest";
import { GATE } from "../../contract/resource/names.ts";
import type { GatedPod, ReplicaSet } from "../kubernetes/objects.ts";
import { liveKeys, targetOf, wantedOf } from "../release/target.ts";
import type { Workload } from "../release/target.ts";
import { hasEnded } from "../reconcile/settle.ts";
import { world } from "../reconcile/world.fixture.ts";
import { generator } from "../../test/operator/random.ts";
import { needOf } from "./resolve.ts";

const SEQUENCES = 250;
const STEPS = 40;
const first = Number(process.env["LOCKKEEPER_SEED"] ?? Date.now() % 1_000_000_000);
const REVISION = "deployment.kubernetes.io/revision";
const at = new Date(0).toISOString();

type Random = () => number;
const pick = <T>(random: Random, list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];

/** A Deployment whose pods are gated, and the resource that follows it. */
function rollout(random: Random) {
  const web = world({
    slowDeletion: true,
    spec: { source: { workload: { name: "web" }, path: "/app/drizzle" }, drift: { interval: "0s" } },
  });
  const replicaSets: ReplicaSet[] = [];
  const pods = new Map<string, { pod: GatedPod; set: ReplicaSet }>();
  /** `KEY EPOCH` of what a run reported as applied; what the model believes, by itself. */
  const proved = new Set<string>();
  const started: string[] = [];
  let count = 0;

  const meta = (name: string) => ({
    name,
    namespace: "shop",
    uid: `uid-${name}`,
    resourceVersion: "1",
    creationTimestamp: at,
  });
  const owner = (kind: string, name: string, uid: string) => ({
    apiVersion: "apps/v1",
    kind,
    name,
    uid,
    controller: true,
  });
  const revisionOf = (set: ReplicaSet): number => Number(set.metadata.annotations?.[REVISION]);
  const newest = (): ReplicaSet | undefined => replicaSets.toSorted((a, b) => revisionOf(b) - revisionOf(a))[0];

  function deploy(image: string): void {
    const name = `web-${++count}`;
    const revision = String((revisionOf(newest() ?? ({ metadata: {} } as ReplicaSet)) || 0) + 1);
    replicaSets.push({
      metadata: {
        ...meta(name),
        annotations: { [REVISION]: revision },
        ownerReferences: [owner("Deployment", "web", "uid-web-d")],
      },
      spec: { replicas: 1, template: { spec: { containers: [{ name: "web", image }] } } },
    });
  }

  function undo(): void {
    const old = pick(random, replicaSets);
    const last = newest();
    if (old !== undefined && last !== undefined)
      old.metadata.annotations = { [REVISION]: String(revisionOf(last) + 1) };
  }

  function addPod(): void {
    const set = pick(random, replicaSets);
    if (set === undefined) return;
    const name = `pod-${++count}`;
    const pod: GatedPod = {
      metadata: {
        ...meta(name),
        annotations: { [GATE]: "web" },
        ownerReferences: [owner("ReplicaSet", set.metadata.name, set.metadata.uid)],
      },
      spec: { schedulingGates: [{ name: GATE }] },
    };
    pods.set(name, { pod, set });
  }

  function workload(): Workload {
    const current = newest();
    if (current === undefined) return { deployment: null, replicaSets: [] };
    const { template } = current.spec;
    const metadata = { ...meta("web-d"), generation: 1, annotations: { [REVISION]: String(revisionOf(current)) } };
    return { deployment: { metadata, spec: { template }, status: { observedGeneration: 1 } }, replicaSets };
  }

  function look({ mayDie = true } = {}): void {
    const migration = web.migration();
    const gated = [...pods.values()].map(({ pod }) => {
      const replicaSet =
        replicaSets.find(({ metadata }) => metadata.uid === pod.metadata.ownerReferences?.[0]?.uid) ?? null;
      const { name, uid, resourceVersion } = pod.metadata;
      return {
        pod: { name, uid, resourceVersion },
        deployment: null,
        need: needOf(migration, pod, { replicaSet, followed: replicaSets }),
        unproved: [],
      };
    });
    const dies = mayDie && random() < 0.2;
    const { acts } = web.look({
      target: targetOf(migration, workload()),
      live: liveKeys(migration, workload()),
      gated,
      dies,
    });
    if (dies) return;
    for (const act of acts) for (const pod of act.is === "open" ? act.pods : []) start(pod.name);
  }

  /** The spec names another database; a pod's key is another then. */
  function moveTo(database: string): void {
    web.change({ database: { urlFrom: { secretKeyRef: { name: database, key: "URL" } } } });
  }

  const keyOf = ({ set }: { set: ReplicaSet }): string => wantedOf(web.migration(), set, 0)?.key ?? "";

  function start(name: string): void {
    const found = pods.get(name);
    if (found === undefined) throw new Error("opened a pod that isn't gated");
    started.push(name);
    if (!proved.has(`${keyOf(found)} ${web.status.epoch}`)) throw new Error(`${name} started without proof`);
    pods.delete(name);
  }

  function end(report: Parameters<typeof web.report>[0]): void {
    const job = web.jobs.at(-1);
    if (job === undefined || hasEnded(job.outcome)) return;
    web.report(report);
    if (report?.exitCode === undefined) proved.add(`${job.key} ${job.epoch}`);
  }

  /** Nothing but missing proof holds a pod. */
  function nobodyWaitsInVain(): void {
    for (const one of pods.values()) {
      if (proved.has(`${keyOf(one)} ${web.status.epoch}`))
        throw new Error(`${one.pod.metadata.name} is held though its release is proved`);
    }
  }

  return { web, pods, started, deploy, undo, addPod, moveTo, look, end, nobodyWaitsInVain };
}

const FAILED = {
  outcome: "FAILED",
  exitCode: 11,
  pendingCount: 1,
  error: { code: "42703", message: "no", migration: null },
} as const;

type Rollout = ReturnType<typeof rollout>;

const EVENTS: ((one: Rollout, random: Random) => void)[] = [
  (one, random) => one.deploy(`web:${Math.floor(random() * 3)}`),
  (one, random) => one.deploy(`web@sha256:${String(Math.floor(random() * 2)).repeat(64)}`),
  (one) => one.undo(),
  (one) => one.addPod(),
  (one) => one.addPod(),
  (one) => one.end({}),
  (one) => one.end({}),
  (one) => one.end(FAILED),
  (one) => one.end({ ...FAILED, outcome: "LOCK_TIMEOUT", exitCode: 10 }),
  (one) => one.end({ database: { systemIdentifier: "8", name: "shop", oid: 16384 } }),
  (one) => (one.web.jobs.some(({ outcome }) => !hasEnded(outcome)) ? one.web.lose("Evicted") : undefined),
  (one, random) => one.web.change({ suspend: random() < 0.5 }),
  (one, random) => one.web.annotate({ "lockkeeper.dev/retry": String(random()) }),
  (one, random) => one.web.annotate({ "lockkeeper.dev/recheck": String(random()) }),
  (one, random) => one.web.pass(random() * 20 * 60_000),
  // Another database, and back: what is proved for one is proved for it alone.
  (one, random) => one.moveTo(pick(random, ["a", "b"]) ?? "a"),
  (one) => one.web.collect(),
  (one) => void one.web.jobs.splice(0),
  (one, random) => void one.pods.delete(pick(random, [...one.pods.keys()]) ?? ""),
];

test(`no pod starts without its release's proof, and none with it is held (LOCKKEEPER_SEED=${first})`, () => {
  let starts = 0;
  for (let sequence = 0; sequence < SEQUENCES; sequence++) {
    const random = generator(first + sequence);
    const one = rollout(random);
    try {
      for (let step = 0; step < STEPS; step++) {
        pick(random, EVENTS)?.(one, random);
        one.look();
      }
      settle(one);
      starts += one.started.length;
    } catch (error) {
      throw new Error(`LOCKKEEPER_SEED=${first + sequence}`, { cause: error });
    }
  }
  expect(starts).toBeGreaterThan(SEQUENCES);
}, 120_000);

/** Left in peace, with every run a success, all pods start, of old releases too. */
function settle(one: Rollout): void {
  one.deploy("web:last");
  one.addPod();
  one.web.change({ suspend: false });
  for (let looks = 0; one.pods.size > 0 || looks < 3; looks++) {
    if (looks > 60) throw new Error(`${one.pods.size} pods are held for ever`);
    one.web.collect();
    one.web.pass(20 * 60_000);
    one.end({ database: { systemIdentifier: "9", name: "shop", oid: 16384 } });
    one.look({ mayDie: false });
    one.nobodyWaitsInVain();
  }
}
