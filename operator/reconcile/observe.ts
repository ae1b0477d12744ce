import { RUN_ANNOTATION, RUNNER_CONTAINER } from "../../contract/resource/names.ts";
import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import { uuidV7 } from "../../contract/uuid.ts";
import { PODS } from "../api/kinds.ts";
import { pathOf } from "../api/path.ts";
import { controllerOf } from "../kubernetes/objects.ts";
import type { Job, Pod } from "../kubernetes/objects.ts";
import { observeGated } from "../gate/observe.ts";
import { POD_EXPECTED_MS, readOutcome } from "../outcome/read-outcome.ts";
import { podOf, runOf } from "../outcome/run-of.ts";
import { whyNoPod } from "../outcome/why-no-pod.ts";
import { liveKeys, targetOf } from "../release/target.ts";
import type { Target, Workload } from "../release/target.ts";
import { JOB_NAME } from "../watch/caches.ts";
import { databaseOf } from "../watch/migration.ts";
import type { Context } from "./context.ts";
import { SETTLE_MS } from "./decide.ts";
import { readLedger, running } from "./ledger.ts";
import type { Memory } from "./memory.ts";
import type { Observed, ObservedJob } from "./observed.ts";

/** The only reader: all that `decide` looks at, as it is now. Reads the caches, and events only where a pod is overdue. */
export async function observe(migration: DatabaseMigration, memory: Memory, context: Context): Promise<Observed> {
  const { caches, clock } = context;
  const now = new Date(clock.wall());
  const { uid } = migration.metadata;
  const workload = workloadOf(migration, context);
  const ledger = readLedger(migration);
  const active = running(ledger);
  // Of the runs that are on: what older ones came to is written.
  const current = new Set([active?.job ?? "", ledger.drift?.running === true ? ledger.drift.job : ""]);
  const own = caches.jobs.by("owner", uid);
  const jobs = await Promise.all(own.map((job) => observeJob(job, { current, memory, context, now })));
  const known = active === null ? undefined : caches.jobs.get(`${migration.metadata.namespace}/${active.job}`);
  const target = targetOf(migration, workload);
  return {
    migration,
    target,
    settling: isSettling(target, memory, clock.now()),
    live: liveKeys(migration, workload),
    jobs,
    foreign: new Set(known !== undefined && controllerOf(known)?.uid !== uid ? [known.metadata.name] : memory.foreign),
    progress: active === null ? null : context.followers.get(active.runId),
    refusal: memory.refusal,
    gated: context.caches.gated
      .by("resource", `${migration.metadata.namespace}/${migration.metadata.name}`)
      .map((pod) => observeGated(migration, pod, context.caches)),
    sharedWith: sharedWith(migration, context),
    imageVolumes: context.imageVolumes(),
    freshId: uuidV7(now),
    now,
  };
}

/** Each scaling of a Deployment is a new generation, which its controller sees some milliseconds later. */
function isSettling(target: Target, memory: Memory, now: number): boolean {
  const isUnobserved = target.is === "unknown" && target.reason === "WorkloadNotObserved";
  memory.unobservedSince = isUnobserved ? (memory.unobservedSince ?? now) : null;
  return memory.unobservedSince !== null && now - memory.unobservedSince < SETTLE_MS;
}

function workloadOf({ metadata, spec }: DatabaseMigration, { caches }: Context): Workload {
  const name = spec.source.workload?.name;
  const deployment = name === undefined ? undefined : caches.deployments.get(`${metadata.namespace}/${name}`);
  if (deployment === undefined) return { deployment: null, replicaSets: [] };
  return { deployment, replicaSets: caches.replicaSets.by("owner", deployment.metadata.uid) };
}

async function observeJob(
  job: Job,
  { current, memory, context, now }: { current: Set<string>; memory: Memory; context: Context; now: Date },
): Promise<ObservedJob> {
  const { metadata } = job;
  const { annotations = {} } = metadata;
  const run = runOf(job);
  let pod = podOf(job, context.caches);
  let outcome = readOutcome(job, pod, run, now);
  if (pod === null && outcome.is === "lost" && current.has(metadata.name)) {
    await learnPods(job, context);
    pod = podOf(job, context.caches);
    outcome = readOutcome(job, pod, run, now);
  }
  if (outcome.is === "starting" && outcome.reason === "JobPodNotCreated") {
    const why = await whyNoPodYet(job, memory, context);
    if (why !== null) outcome.message = `${outcome.message}: ${why}`;
  }
  const { tag: _tag, ...identity } = run;
  return {
    ...identity,
    name: metadata.name,
    uid: metadata.uid,
    attempt: Number(annotations[RUN_ANNOTATION.attempt] ?? 0) || 0,
    generation: Number(annotations[RUN_ANNOTATION.generation] ?? 0) || 0,
    createdAt: metadata.creationTimestamp,
    isDeleting: metadata.deletionTimestamp !== undefined,
    outcome,
    sidecars: pod !== null && pod.metadata.deletionTimestamp === undefined && hasSidecars(pod),
  };
}

/**
 * The Job has ended and no pod of it is known: it may be gone, or the watch of pods is behind that of Jobs. A run's end is
 * told once, so the API server is asked.
 */
async function learnPods({ metadata: { namespace, name } }: Job, { api, caches }: Context): Promise<void> {
  const query = { labelSelector: `${JOB_NAME}=${name}` };
  const { items } = await api.request<{ items: Pod[] | null }>("GET", pathOf(PODS, namespace), { query });
  for (const pod of items ?? []) caches.pods.put(pod);
}

const hasSidecars = ({ status }: Pod): boolean =>
  status?.containerStatuses?.some(({ name, state }) => name !== RUNNER_CONTAINER && state?.running !== undefined) ??
  false;

/** Asked at most twice a minute: only events tell it. */
async function whyNoPodYet(job: Job, memory: Memory, { api, clock }: Context): Promise<string | null> {
  const { name } = job.metadata;
  const known = memory.noPod;
  if (known?.job === name && clock.now() - known.at < POD_EXPECTED_MS) return known.why;
  const why = await whyNoPod(api, job);
  memory.noPod = { job: name, at: clock.now(), why };
  return why;
}

/** A name in another namespace is that tenant's own business: only their number is told. */
function sharedWith({ metadata: own, status }: DatabaseMigration, { caches }: Context): string[] {
  const database = databaseOf({ status });
  if (database === null) return [];
  const others = caches.migrations.by("database", database).filter(({ metadata }) => metadata.uid !== own.uid);
  const near = others.filter(({ metadata }) => metadata.namespace === own.namespace);
  const far = others.length - near.length;
  const names = near
    .map(({ metadata }) => metadata.name)
    .toSorted()
    .slice(0, 5);
  return far === 0 ? names : [...names, `${far} in other namespaces`];
}
