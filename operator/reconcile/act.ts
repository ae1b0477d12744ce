import { redact } from "../../contract/redact.ts";
import { LABEL, MANAGED_BY } from "../../contract/resource/names.ts";
import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import { openGates } from "../gate/open.ts";
import { ApiError, isApiError } from "../api/api.ts";
import { JOBS, PODS } from "../api/kinds.ts";
import { pathOf } from "../api/path.ts";
import { sourceName } from "../job/marks.ts";
import { jobSpec } from "../job/job-spec.ts";
import type { RunOrder } from "../job/order.ts";
import { controllerOf } from "../kubernetes/objects.ts";
import type { Job } from "../kubernetes/objects.ts";
import type { Context } from "./context.ts";
import type { Act } from "./decide.ts";
import type { Memory } from "./memory.ts";
import { regardingOf } from "./tell.ts";

/**
 * Does what was decided, after the status that tells of it was written. True when something turned out otherwise than it
 * was told: the resource has to be looked at again at once. Throws what trying again may cure.
 */
export async function act(
  acts: Act[],
  migration: DatabaseMigration,
  memory: Memory,
  context: Context,
): Promise<boolean> {
  const { namespace, name } = migration.metadata;
  let isNews = false;
  let follows: string | null = null;
  let unopened: { error: unknown } | null = null;
  for (const one of acts) {
    switch (one.is) {
      case "follow":
        follows = one.runId;
        context.followers.start(one.runId, { namespace, name: one.pod });
        break;
      case "open":
        // A pod whose patch somebody's webhook refuses must not keep a run from being started.
        try {
          isNews = (await openGates({ namespace, name }, one.pods, context)) || isNews;
        } catch (error) {
          unopened = { error };
        }
        break;
      case "createJob":
        isNews = (await createJob(one.order, memory, context)) || isNews;
        break;
      case "deleteJob":
        await deleteJob({ namespace, name }, one, context);
        break;
      case "deletePod":
        await deletePod({ namespace, name }, one.name, memory, context);
        break;
    }
  }
  if (memory.follows !== null && memory.follows !== follows) context.followers.stop(memory.follows);
  memory.follows = follows;
  if (unopened !== null) throw unopened.error;
  return isNews;
}

/** What the API server refused may be accepted later: asked again after this, doubled each time. */
const REFUSED_MS = 1_000;
const REFUSED_MAX_MS = 60_000;
/** Somebody else's Job of that name has to be deleted by somebody. */
const FOREIGN_MS = 10_000;

/** Repeatable: the name says what it is for, so one that is there already is the same one, or somebody else's. */
async function createJob(order: RunOrder, memory: Memory, context: Context): Promise<boolean> {
  const { api, caches, clock, log, runner } = context;
  const { namespace, name, uid, generation } = order.migration.metadata;
  const { refusedUntil } = memory;
  if (refusedUntil !== null && refusedUntil.generation === generation && clock.now() < refusedUntil.at) return false;
  const before = JSON.stringify([memory.refusal, memory.foreign]);
  const about = { namespace, name, job: order.job, runId: order.runId };
  mustLead(context);
  try {
    caches.jobs.put(await api.request<Job>("POST", pathOf(JOBS, namespace), { body: jobSpec(order, runner) }));
    log.info({ ...about, attempt: order.attempt, command: order.command }, "job created");
    if (order.command === "migrate") tellStarted(order, context);
    Object.assign(memory, { refusal: null, refusals: 0, refusedUntil: null, foreign: [] });
  } catch (error) {
    if (isApiError(error, "AlreadyExists")) return await meet(order, uid, memory, context);
    if (!(error instanceof ApiError) || !isRefusal(error)) throw error;
    const pause = Math.min(REFUSED_MAX_MS, REFUSED_MS * 2 ** Math.min(memory.refusals++, 10));
    memory.refusedUntil = { at: clock.now() + pause, generation };
    memory.foreign = [];
    memory.refusal = { job: order.job, cures: mayCure(error), message: redact(error.said, []) };
    log.warn({ ...about, reason: error.reason, error: error.message }, "job refused");
  }
  return before !== JSON.stringify([memory.refusal, memory.foreign]);
}

function tellStarted({ migration, job, runId, attempt, source }: RunOrder, { recorder }: Context): void {
  const note = `run ${runId}: Job ${job} for ${sourceName(source)}, attempt ${attempt}`;
  recorder.record({ regarding: regardingOf(migration), type: "Normal", reason: "RunStarted", note, action: "Start" });
}

/** The server's no to this very Job: a quota, a webhook, a policy, a namespace that ends, a field that it doesn't take. */
const isRefusal = ({ status }: ApiError): boolean =>
  status === 400 || status === 403 || status === 404 || status === 422;

/**
 * A quota is raised, a policy or webhook changed: it may pass by itself. What the server finds wrong in the Job itself only
 * a change of the spec cures. A policy's no is a 422 too, and known by its words.
 */
const mayCure = ({ status, said }: ApiError): boolean =>
  status === 403 || status === 404 || /denied (the )?request/.test(said);

/** A Job of that name is there: made before the last restart, or not ours. The next look tells. */
async function meet(order: RunOrder, uid: string, memory: Memory, context: Context): Promise<boolean> {
  const { api, caches, clock, log } = context;
  const { namespace, name, generation } = order.migration.metadata;
  const found = await api.request<Job>("GET", pathOf(JOBS, namespace, order.job));
  memory.refusal = null;
  const isOurs = controllerOf(found)?.uid === uid && found.metadata.labels?.[LABEL.managedBy] === MANAGED_BY;
  log.info({ namespace, name, job: order.job, runId: order.runId, isOurs }, "job is there already");
  if (isOurs) {
    memory.foreign = [];
    caches.jobs.put(found);
    return true;
  }
  const isNew = !memory.foreign.includes(order.job);
  memory.foreign = [order.job];
  memory.refusedUntil = { at: clock.now() + FOREIGN_MS, generation };
  return isNew;
}

/** The DatabaseMigration for which it is done. */
type Resource = { namespace: string; name: string };

/** In the foreground: the Job is gone only when its pods are, and nothing is started before. */
async function deleteJob(
  resource: Resource,
  { name: job, uid, why }: { name: string; uid: string; why: string },
  context: Context,
): Promise<void> {
  const { api, caches, log } = context;
  mustLead(context);
  log.info({ ...resource, job, why }, "job deleted");
  const body = { propagationPolicy: "Foreground", preconditions: { uid } };
  const deleting = api.request<Partial<Job>>("DELETE", pathOf(JOBS, resource.namespace, job), { body });
  const isGone = await gone(deleting);
  if (isGone) return caches.jobs.remove(`${resource.namespace}/${job}`, uid);
  // With its time of deletion: the next look, which may come before the watch's word, doesn't ask again.
  const { metadata, status } = await deleting;
  if (metadata?.uid === uid) caches.jobs.put({ metadata, status: status ?? {} });
}

/** How long a deletion may take until it is asked for again. */
const DELETION_MS = 30_000;

async function deletePod(resource: Resource, name: string, memory: Memory, context: Context): Promise<void> {
  const { api, clock, log } = context;
  const { deletedPod } = memory;
  if (deletedPod?.name === name && clock.now() - deletedPod.at < DELETION_MS) return;
  mustLead(context);
  log.info({ ...resource, pod: name, why: "its runner has ended, and other containers go on" }, "pod deleted");
  await gone(api.request("DELETE", pathOf(PODS, resource.namespace, name)));
  memory.deletedPod = { name, at: clock.now() };
}

/** True when it wasn't there any more. */
async function gone(deletion: Promise<unknown>): Promise<boolean> {
  try {
    await deletion;
    return false;
  } catch (error) {
    if (isApiError(error, "NotFound") || isApiError(error, "Conflict")) return true;
    throw error;
  }
}

function mustLead({ leads }: Context): void {
  if (!leads()) throw new Error("the lease is over: nothing is done");
}
