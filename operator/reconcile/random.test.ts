/** Whatever happens, in whatever order: what must hold of decisions. A failure prints the seed that repeats it. */
import { expect, test } from "vitest";
import { Status } from "../../contract/resource/status.ts";
import { generator } from "../../test/operator/random.ts";
import { hasEnded } from "./settle.ts";
import { world } from "./world.fixture.ts";
import type { World } from "./world.fixture.ts";

const SEQUENCES = 150;
const STEPS = 60;
const first = Number(process.env["LOCKKEEPER_SEED"] ?? Date.now() % 1_000_000_000);

type Random = () => number;

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

const source = (image: string) => ({ source: { image: { ref: image }, path: "/app/drizzle" } });
const FAILED = {
  outcome: "FAILED",
  exitCode: 11,
  pendingCount: 1,
  error: { code: "42703", message: "no", migration: "0002_b" },
} as const;
const LOCKED = { ...FAILED, outcome: "LOCK_TIMEOUT", exitCode: 10 } as const;
const OTHER_DATABASE = { database: { systemIdentifier: "8", name: "shop", oid: 16384 } };

/** `KEY EPOCH` of what a run of that epoch reported as applied. */
type Proved = Set<string>;

const isActive = ({ outcome }: World["jobs"][number]): boolean => !hasEnded(outcome);

function end(web: World, proved: Proved, report: Parameters<World["report"]>[0]): void {
  const job = web.jobs.at(-1);
  if (job === undefined || hasEnded(job.outcome)) return;
  web.report(report);
  if (report?.exitCode === undefined && job.command === "migrate") proved.add(`${job.key} ${job.epoch}`);
}

const EVENTS: ((web: World, random: Random, proved: Proved) => void)[] = [
  (web, _random, proved) => end(web, proved, {}),
  (web, _random, proved) => end(web, proved, {}),
  (web, _random, proved) => end(web, proved, FAILED),
  (web, _random, proved) => end(web, proved, LOCKED),
  (web, _random, proved) => end(web, proved, OTHER_DATABASE),
  (web) => (web.jobs.some(isActive) ? web.lose("Evicted") : undefined),
  (web) => web.jobs.at(-1) && web.outcome({ is: "starting", reason: "ImagePullFailed", message: "no", pod: "web-pod" }),
  (web) => {
    const job = web.jobs.at(-1);
    if (job && isActive(job))
      job.outcome = { is: "running", pod: "web-pod", startedAt: null, reason: null, message: "" };
  },
  (web, random) => web.change(source(pick(random, ["web:1", "web:2", "web:3"]))),
  (web, random) => web.change({ suspend: random() < 0.5 }),
  (web, random) => web.annotate({ "lockkeeper.dev/retry": String(random()) }),
  (web, random) => web.annotate({ "lockkeeper.dev/recheck": String(random()) }),
  (web, random) => web.pass(random() * 20 * 60_000),
  (web) => web.pass(7 * 3_600_000),
  (web) => web.collect(),
  // A Job deleted by hand.
  (web) => void web.jobs.splice(0),
];

/** Not `expect`: it is asked a million times. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function hold(web: World, proved: Proved): void {
  must(web.jobs.filter(isActive).length <= 1, "two Jobs at once");
  const releases = web.status.releases ?? [];
  for (const { key, epoch, state } of releases) {
    must(state !== "Applied" || proved.has(`${key} ${epoch}`), "applied without proof");
  }
  must(releases.filter(({ state }) => state === "Running").length <= 1, "two releases at once");
  must(Status.safeParse(web.status).success, "a status that the CRD refuses");
  const is = (type: string): boolean => web.condition(type)?.startsWith("True") ?? false;
  must([is("Ready"), is("Reconciling"), is("Stalled")].filter(Boolean).length <= 1, "conditions that contradict");
  const attempts = new Map<string, string>();
  for (const { job, runId, key, epoch, attempt, command } of web.created) {
    const name = `${command} ${key} ${epoch} ${attempt}`;
    must((attempts.get(name) ?? job) === job, "two Jobs for one attempt");
    must((attempts.get(job) ?? runId) === runId, "two run ids for one attempt");
    attempts.set(name, job);
    attempts.set(job, runId);
  }
}

test(`one Job at once, one for one attempt, nothing applied without proof (LOCKKEEPER_SEED=${first})`, () => {
  let ready = 0;
  for (let sequence = 0; sequence < SEQUENCES; sequence++) {
    const seed = first + sequence;
    const random = generator(seed);
    const web = world({ slowDeletion: true });
    const proved: Proved = new Set();
    try {
      for (let step = 0; step < STEPS; step++) {
        pick(random, EVENTS)(web, random, proved);
        web.look({ dies: random() < 0.2 });
        hold(web, proved);
      }
      settle(web, proved);
      ready++;
    } catch (error) {
      throw new Error(`LOCKKEEPER_SEED=${seed}`, { cause: error });
    }
  }
  expect(ready).toBe(SEQUENCES);
}, 60_000);

/** Left in peace, with every run a success, it becomes Ready and stays so. */
function settle(web: World, proved: Proved): void {
  web.change({ suspend: false, drift: { interval: "0s" } });
  for (let looks = 0; looks < 12; looks++) {
    web.pass(10 * 60_000);
    web.collect();
    end(web, proved, { database: { systemIdentifier: "9", name: "shop", oid: 16384 } });
    web.look();
    hold(web, proved);
  }
  expect(web.condition("Ready")).toMatch(/^True/);
  expect(web.look().acts).toEqual([]);
}
