/** Random sequences of what may happen to Deployments, pods, runs, resources and the operator. */
import type { Report } from "../../contract/report.ts";
import { hasEnded } from "../reconcile/settle.ts";
import { rollout } from "./rollout.fixture.ts";
import type { Rollout } from "./rollout.fixture.ts";

type Random = () => number;
type Happening = (one: Rollout, random: Random) => void;

const STEPS = 30;

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

const IMAGES = ["web:1", "web:2", ...["0", "1"].map((digit) => `web@sha256:${digit.repeat(64)}`)];
const MANY = Array.from({ length: 20 }, (_, index) => `other-${index}`);
const NAMES = ["web", "web", "web", "billing", "web,billing", "", "web,ghost", ["web", ...MANY].join(",")];

const NO = { code: "42703", message: "no", migration: null };
const FAILED = { outcome: "FAILED", exitCode: 11, pendingCount: 1, error: NO } as const;
const ENDS: Partial<Report>[] = [
  {},
  {},
  {},
  {},
  { outcome: "SKIPPED", appliedCount: 0, applied: [] },
  { outcome: "SKIPPED", disabled: true },
  { pendingCount: 1 },
  { database: null },
  FAILED,
  { ...FAILED, outcome: "LOCK_TIMEOUT", exitCode: 10 },
  { database: { systemIdentifier: "8", name: "shop", oid: 16_384 } },
];

const any = (one: Rollout, random: Random) => pick(random, one.names);
const ends: Happening = (one, random) => one.end(any(one, random), pick(random, ENDS));

function addPods(one: Rollout, random: Random, name: string): void {
  const sets = one.cluster.setsOf(name);
  if (sets.length === 0) return;
  // The newest, mostly; an older one's comes back after an eviction, and with a scale-up in the middle of a rollout.
  for (const set of random() < 0.6 ? [sets[0]] : [sets[0], pick(random, sets)]) {
    const container = name === "web" ? undefined : pick(random, ["worker", "worker", "sidecar", "gone"]);
    const kind = random() < 0.05 ? "StatefulSet" : "ReplicaSet";
    const options = { names: pick(random, NAMES), kind, ...(container !== undefined && { container }) };
    if (set !== undefined) one.cluster.addPod(set, options);
  }
}

/** Each by its name, so that it may be told what happened. */
export const HAPPENINGS: Record<string, Happening> = {
  deploys: (one, random) => one.cluster.deploy("web", pick(random, IMAGES)),
  deploysAndScales: (one, random) => {
    one.cluster.deploy("web", pick(random, IMAGES));
    addPods(one, random, "web");
  },
  recreates: (one, random) => {
    one.cluster.recreate("web", pick(random, IMAGES));
    addPods(one, random, "web");
  },
  deploysTheWorker: (one, random) => {
    one.cluster.deploy("worker", pick(random, IMAGES));
    addPods(one, random, "worker");
  },
  undoes: (one, random) => one.cluster.undo("web", random()),
  deletesAndDeploys: (one, random) => {
    if (random() < 0.5) return;
    one.cluster.remove("web", { lingers: pick(random, ["nothing", "pods", "all"]) });
    one.cluster.deploy("web", pick(random, IMAGES));
    addPods(one, random, "web");
  },
  scales: (one, random) => addPods(one, random, "web"),
  evicts: (one, random) => addPods(one, random, "web"),
  scalesTheWorker: (one, random) => addPods(one, random, "worker"),
  garbageIsCollected: (one) => one.cluster.collect(),
  podGoes: (one, random) => void one.cluster.pods.delete(pick(random, [...one.cluster.pods.keys()])),
  podIsRenamed: (one, random) => one.cluster.rename(pick(random, [...one.cluster.pods.keys()]), pick(random, NAMES)),
  runEnds: ends,
  anotherRunEnds: ends,
  aThirdRunEnds: ends,
  runIsEvicted: (one, random) => {
    const { world } = one.subjects[any(one, random)];
    const job = world.jobs.at(-1);
    if (job !== undefined && !hasEnded(job.outcome)) world.lose("Evicted");
  },
  imageIsMissing: (one, random) => {
    const { world } = one.subjects[any(one, random)];
    const job = world.jobs.at(-1);
    if (job === undefined || hasEnded(job.outcome)) return;
    world.outcome({ is: "starting", reason: "ImagePullFailed", message: "no", pod: "web-pod" });
  },
  isSuspended: (one, random) => one.subjects[any(one, random)].world.change({ suspend: random() < 0.5 }),
  isRetried: (one, random) =>
    one.subjects[any(one, random)].world.annotate({ "lockkeeper.dev/retry": String(random()) }),
  isRechecked: (one, random) => random() < 0.5 && one.recheck(any(one, random), String(random())),
  movesToAnotherDatabase: (one, random) => one.moveTo(any(one, random), pick(random, ["a", "b"])),
  timePasses: (one, random) => passes(one, random() * 20 * 60_000),
  hoursPass: (one) => passes(one, 7 * 3_600_000),
  jobsAreGone: (one, random) => one.subjects[any(one, random)].world.collect(),
  jobsAreDeleted: (one, random) => void one.subjects[any(one, random)].world.jobs.splice(0),
  leaderStops: (one, random) => one.stop(any(one, random)),
  oldLeaderWakes: (one) => one.wake(),
};

const passes = (one: Rollout, ms: number): void => one.names.forEach((name) => one.subjects[name].world.pass(ms));

/**
 * Runs one of these sequences, the one that `random` makes of the seed; throws what was broken, and after what. Gives how
 * many pods were started.
 */
export function runSequence(seed: number, random: Random): number {
  const one = rollout(random);
  const events = Object.entries(HAPPENINGS);
  const story: string[] = [];
  try {
    one.cluster.deploy("web", "web:1");
    for (let step = 0; step < STEPS; step++) {
      const [name, happen] = pick(random, events);
      story.push(name);
      happen(one, random);
      one.seen.catchUp({ deployments: random() < 0.8, replicaSets: random() < 0.8, pods: random() < 0.8 });
      one.look(any(one, random), { dies: random() < 0.2 });
      if (random() < 0.15) one.rest();
    }
    settle(one);
  } catch (error) {
    throw new Error(`LOCKKEEPER_SEED=${seed}: ${story.join(", ")}`, { cause: error });
  }
  return one.started;
}

/** Left in peace, with every run a success, all pods start that can, of old releases too. */
function settle(one: Rollout): void {
  one.cluster.deploy("web", "web:last");
  for (const set of one.cluster.setsOf("web").slice(0, 1)) one.cluster.addPod(set, { names: "web,billing" });
  one.withoutHopeless();
  for (const name of one.names) one.subjects[name].world.change({ suspend: false, drift: { interval: "0s" } });
  for (let looks = 0; one.cluster.pods.size > 0 || looks < 3; looks++) {
    if (looks > 100) throw new Error(`${one.cluster.pods.size} pods are held for ever`);
    for (const name of one.names) one.subjects[name].world.collect();
    passes(one, 20 * 60_000);
    for (const name of one.names) one.end(name, { database: { systemIdentifier: "9", name: "shop", oid: 16_384 } });
    one.rest();
  }
}
