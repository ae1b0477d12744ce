/**
 * Two resources that follow one Deployment, and the operator that looks at them; the model of proof.fixture.ts judges what it
 * does. A broken rule throws.
 */
import type { Report } from "../../contract/report.ts";
import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { GatedPod, ReplicaSet } from "../kubernetes/objects.ts";
import type { RunOrder } from "../job/order.ts";
import { decide } from "../reconcile/decide.ts";
import { running } from "../reconcile/ledger.ts";
import { mergePatch } from "../reconcile/patch.ts";
import { hasEnded } from "../reconcile/settle.ts";
import { statusOf } from "../reconcile/status.ts";
import { world } from "../reconcile/world.fixture.ts";
import { liveKeys, targetOf, wantedOf } from "../release/target.ts";
import type { Workload } from "../release/target.ts";
import type { Caches } from "../watch/caches.ts";
import type { RawMigration } from "../watch/migration.ts";
import type { Observed } from "../reconcile/observed.ts";
import { fakeCluster, imageOf, ownerOf, revisionOf, watches } from "./cluster.fixture.ts";
import { observeGated } from "./observe.ts";
import type { PodRef } from "./gate.ts";
import { isPinned, MOST_NAMES, proofModel } from "./proof.fixture.ts";
import type { Name, Subject } from "./proof.fixture.ts";

type Random = () => number;

/** It was parsed when it was made. */
const asItIs = (raw: RawMigration): DatabaseMigration => raw as unknown as DatabaseMigration;

export type Rollout = ReturnType<typeof rollout>;

export function rollout(random: Random) {
  const cluster = fakeCluster();
  const seen = watches(cluster);
  const subject = (name: Name, container?: string): Subject => ({
    world: world({
      ...{ name, slowDeletion: true },
      spec: {
        database: databaseAt("a"),
        source: { workload: { name: "web", ...(container !== undefined && { container }) }, path: "/app/drizzle" },
        retry: { limit: 100 },
        drift: { interval: name === "web" ? "6h" : "0s" },
      },
    }),
    ...{ database: "a", proved: new Set(), ever: new Set(), void: new Set(), identity: null },
  });
  const subjects = { web: subject("web"), billing: subject("billing", "web") };
  const names = Object.keys(subjects) as Name[];
  const { databases, deploymentOf, identityOf, isKnown, isProvedFor, learn, namesOf, needsOf, revoke, uidOfTemplate } =
    proofModel(cluster, subjects);
  let started = 0;
  let stale: (() => void) | null = null;

  const caches = {
    migrations: { get: (key: string) => rawOf(subjects[key.replace("shop/", "") as Name]) },
    deployments: { get: (key: string) => seen.deployment(key.replace("shop/", "")) ?? undefined },
    replicaSets: {
      get: (key: string) => seen.setNamed(key.replace("shop/", "")),
      by: (_index: string, uid: string) => seen.setsOf(uid),
    },
  } as unknown as Pick<Caches, "migrations" | "deployments" | "replicaSets">;

  function rawOf(one: Subject | undefined): RawMigration | undefined {
    return one?.world.migration() as RawMigration | undefined;
  }

  /** The API server's answer to a patch that takes the gate away. */
  function open({ name, uid, resourceVersion }: PodRef, which: "proved" | "ever", at = databases()): void {
    const pod = cluster.pods.get(name);
    if (pod === undefined || pod.metadata.uid !== uid) return;
    if (pod.metadata.resourceVersion !== resourceVersion) return;
    if (!isProvedFor(pod, which, at)) throw new Error(`${name} (${namesOf(pod).join()}) started without proof`);
    started++;
    cluster.pods.delete(name);
  }

  function observedBy(name: Name): Partial<Observed> {
    const migration = subjects[name].world.migration();
    const deployment = seen.deployment("web");
    const workload: Workload = { deployment, replicaSets: seen.setsOf(deployment?.metadata.uid) };
    const pods = seen.pods().filter((pod) => namesOf(pod).slice(0, MOST_NAMES).includes(name));
    return {
      target: targetOf(migration, workload),
      live: liveKeys(migration, workload),
      gated: pods.map((pod) => observeGated(migration, pod, caches, asItIs)),
    };
  }

  /** One reconcile of that resource. `dies`: with the status written and nothing done. */
  function look(name: Name, { dies = false } = {}): void {
    const one = subjects[name];
    const before = one.world.created.length;
    const known = running({ releases: one.world.status.releases ?? [] })?.job;
    const { acts } = one.world.look({ ...observedBy(name), dies });
    if (dies) return;
    // The same one again, whose leader died before it made it, is the run that is on.
    for (const order of one.world.created.slice(before)) if (order.job !== known) begins(name, order);
    if (one.world.jobs.filter(({ outcome }) => !hasEnded(outcome)).length > 1) throw new Error("two Jobs at once");
    for (const act of acts) for (const pod of act.is === "open" ? act.pods : []) open(pod, "proved");
  }

  /** What must hold of a run that is begun. */
  function begins(name: Name, { template, command, job }: RunOrder): void {
    if (command !== "migrate" || template === null) return;
    const one = subjects[name];
    const uid = uidOfTemplate(template);
    const set = cluster.sets.get(uid);
    if (set === undefined || deploymentOf(set) !== "web") throw new Error(`${job}: a worker starts a run`);
    const migration = one.world.migration();
    if (migration.spec.suspend) throw new Error(`${job}: started though suspended`);
    const asks = (pod: GatedPod): boolean => namesOf(pod).includes(name) && needsOf(pod, one) !== null;
    const gated = new Set(seen.pods().filter(asks).map(ownerOf));
    const current = seen.deployment("web");
    const sets = seen.setsOf(current?.metadata.uid);
    const wanted = sets.filter((each) => isCurrent(each, current) || gated.has(each.metadata.uid));
    const image = imageOf(set, "web") ?? "";
    const isWanted = wanted.some((each) => sameRelease(each, set)) || gated.has(uid);
    if (!isWanted) throw new Error(`${job}: nobody waits for it`);
    if (one.proved.has(identityOf(one, uid, image))) throw new Error(`${job}: it is proved already`);
    for (const each of wanted) {
      const state = stateOf(migration, each);
      const isNewer = revisionOf(each) > revisionOf(set) || !sets.some((of) => of.metadata.uid === uid);
      const isLeft =
        state !== "Failed" && !one.proved.has(identityOf(one, each.metadata.uid, imageOf(each, "web") ?? ""));
      if (isNewer && isLeft && !sameRelease(each, set)) throw new Error(`${job}: a newer release waits`);
    }
  }

  const isCurrent = (set: ReplicaSet, deployment: { metadata: ReplicaSet["metadata"] } | null): boolean =>
    revisionOf(set) === Number(deployment?.metadata.annotations?.["deployment.kubernetes.io/revision"]);
  const sameRelease = (a: ReplicaSet, b: ReplicaSet): boolean =>
    a.metadata.uid === b.metadata.uid || (isPinned(imageOf(a, "web") ?? "") && imageOf(a, "web") === imageOf(b, "web"));
  const stateOf = (migration: DatabaseMigration, set: ReplicaSet): string | undefined =>
    migration.status.releases?.find(({ key }) => key === wantedOf(migration, set, 0)?.key)?.state;

  /** The run that is on ends with that report, and the operator looks. */
  function end(name: Name, report: Partial<Report>): void {
    const one = subjects[name];
    const job = one.world.jobs.at(-1);
    if (job === undefined || hasEnded(job.outcome)) return;
    one.world.report(report);
    const { status } = one.world;
    const outcome = one.world.jobs.at(-1)?.outcome;
    if (outcome?.is !== "reported") return;
    const told = outcome.report;
    const isRun = running({ releases: status.releases ?? [] })?.job === job.name;
    const isCheck = status.drift?.running === true && status.drift.job === job.name;
    if (isRun || (isCheck && !one.void.has(job.name))) learn(name, job, told);
    if (isCheck) seen.catchUp({});
    look(name);
  }

  return {
    ...{ cluster, subjects, names, seen, look, end },
    get started(): number {
      return started;
    },
    recheck(name: Name, value: string): void {
      subjects[name].world.annotate({ "lockkeeper.dev/recheck": value });
      revoke(subjects[name]);
      look(name);
    },
    /** The spec names another database: what is proved for one is proved for it alone. */
    moveTo(name: Name, database: string): void {
      subjects[name].world.change({ database: databaseAt(database) });
      subjects[name].database = database;
    },
    /** A leader looks, and is stopped before it acts; until `wake` it knows of nothing. */
    stop(name: Name): void {
      const one = subjects[name].world;
      const observed = one.observed(observedBy(name));
      const at = databases();
      stale = () => {
        const decision = decide(observed);
        // Its write would be refused; without one, what it opens has been proved, by what it knows: for the databases that
        // the specs named then. That one of them names another since is the revocation that may race (gate.md).
        if (mergePatch(observed.migration.status, statusOf(decision, observed)) !== null) return;
        for (const act of decision.acts) for (const pod of act.is === "open" ? act.pods : []) open(pod, "ever", at);
      };
    },
    wake(): void {
      stale?.();
      stale = null;
    },
    /** Everything is seen, and the operator has come to rest: nothing but missing proof holds a pod. */
    rest(): void {
      seen.catchUp({});
      for (const name of [...names, "web"] as const) look(name);
      for (const pod of cluster.pods.values()) {
        if (isKnown(pod) && isProvedFor(pod, "proved")) {
          throw new Error(`${pod.metadata.name} (${namesOf(pod).join()}) is held though its release is proved`);
        }
      }
    },
    /** Takes away the pods that nothing can open. */
    withoutHopeless(): void {
      for (const [key, pod] of cluster.pods) {
        const mayStart = namesOf(pod).every((name) => {
          const one = subjects[name as Name];
          return one !== undefined && needsOf(pod, one) !== null;
        });
        const set = cluster.sets.get(ownerOf(pod));
        const isWorker = set !== undefined && deploymentOf(set) !== "web";
        const isThere = cluster.replicaSets.some(({ metadata }) => metadata.uid === ownerOf(pod));
        if (!mayStart || !isThere || namesOf(pod).length === 0 || isWorker) cluster.pods.delete(key);
      }
    },
    chance: random,
  };
}

export const databaseAt = (name: string) => ({ urlFrom: { secretKeyRef: { name, key: "URL" } } });
