import { z } from "zod";
import { DatabaseMigration } from "../../contract/resource/resource.ts";
import { Status } from "../../contract/resource/status.ts";
import { countRuns } from "../metrics/count-runs.ts";
import type { RawMigration } from "../watch/migration.ts";
import { tellAbsent } from "../gate/absent.ts";
import { heldByAll } from "../gate/observe.ts";
import { tellHeld } from "../gate/tell.ts";
import { act } from "./act.ts";
import type { Context } from "./context.ts";
import { cut } from "./cut.ts";
import { decide } from "./decide.ts";
import type { Decision } from "./decide.ts";
import type { Memory } from "./memory.ts";
import { observe } from "./observe.ts";
import { statusOf } from "./status.ts";
import { regardingOf, tell } from "./tell.ts";
import { writeStatus } from "./write-status.ts";

/** Progress alone is written at most so often. */
const PROGRESS_MS = 1_000;
/**
 * Somebody else wrote the resource: what it wrote comes by the watch, and most often is here before this. A watch that is
 * silent may take a minute: doubled each time.
 */
const CONFLICT_MS = 100;
/**
 * One look at one resource: observe, decide, write the status, act. Answers in how many ms it wants to be called again, or
 * null. Throws what went wrong on the way to the API server: it is called again, later each time.
 */
export async function reconcile(key: string, context: Context): Promise<number | null> {
  const { clock, instruments } = context;
  const begun = clock.now();
  let result: Look["result"] | "error" = "error";
  try {
    const look = await lookAt(key, context);
    result = look.result;
    return look.again;
  } finally {
    instruments.reconciles.inc({ result });
    instruments.reconcileDuration.observe((clock.now() - begun) / 1_000);
  }
}

type Look = { result: "ok" | "conflict"; again: number | null };
const ok = (again: number | null): Look => ({ result: "ok", again });
const conflict = (again: number): Look => ({ result: "conflict", again });

async function lookAt(key: string, context: Context): Promise<Look> {
  const raw = context.caches.migrations.get(key);
  if (raw === undefined || raw.metadata.deletionTimestamp !== undefined) return ok(leave(key, context));
  const parsed = parse(raw);
  if (parsed.is === "invalid") return await tellInvalid(parsed, context);
  const { migration } = parsed;
  const memory = context.memories.of(key, migration.metadata.uid);
  const observed = await observe(migration, memory, context);
  const decision = decide(observed);
  const status = statusOf(decision, observed);
  const wait = isOnlyProgress(migration.status, status, decision)
    ? memory.wroteAt + PROGRESS_MS - context.clock.now()
    : 0;
  if (wait > 0) return ok(Math.min(wait, decision.again ?? wait));
  const before = isUnread(migration, raw) ? (raw.status as Status) : migration.status;
  const written = await writeStatus({ metadata: migration.metadata, status: before }, status, context);
  if (written === "conflict") return conflict(CONFLICT_MS * 2 ** Math.min(memory.conflicts++, 6));
  memory.conflicts = 0;
  if (written === "written") memory.wroteAt = context.clock.now();
  countRuns(decision.ended, key, context.instruments);
  tell(decision, observed, context);
  const { namespace } = migration.metadata;
  tellHeld(decision.held, { namespace, run: migration.spec.timeouts.run }, memory, context);
  const isNews = await act(decision.acts, migration, memory, context);
  // Another resource may have written its proof meanwhile, for a pod that names both, and seen none of this one.
  const isShared = observed.gated.some(({ unproved }) => unproved.length > 0);
  return ok(isNews || (isShared && written === "written") ? 0 : againIn(decision, memory, context));
}

/** Its Jobs go with it, by their owner reference: the garbage collector ends them, and the runner ends cleanly. */
function leave(key: string, context: Context): number | null {
  const { memories, followers, caches, instruments } = context;
  instruments.runs.forget(key);
  const isAwaited = caches.gated.by("resource", key).length > 0;
  const memory = isAwaited ? memories.of(key, "") : memories.forget(key);
  if (memory?.follows) followers.stop(memory.follows);
  if (!isAwaited || memory === undefined) return null;
  memory.follows = null;
  return tellAbsent(key, memory, context);
}

/** A Job that was refused is asked for again; one that nobody wants any more isn't, whatever is remembered of it. */
function againIn({ again, acts }: Decision, { refusedUntil }: Memory, { clock }: Context): number | null {
  if (refusedUntil === null || !acts.some(({ is }) => is === "createJob")) return again;
  const pause = Math.max(0, refusedUntil.at - clock.now());
  return again === null ? pause : Math.min(again, pause);
}

function isOnlyProgress(before: Status, after: Status, { acts }: Decision): boolean {
  if (acts.some(({ is }) => is !== "follow")) return false;
  const said = (status: Status): string =>
    JSON.stringify([
      status.observedGeneration,
      status.epoch,
      status.conditions?.map(({ type, status: is }) => [type, is]),
    ]);
  const runs = (status: Status): string => JSON.stringify(status.runs?.map((run) => [run.id, run.status]));
  const releases = (status: Status): string =>
    JSON.stringify(status.releases?.map(({ key, state, attempt, epoch }) => [key, state, attempt, epoch]));
  return said(before) === said(after) && runs(before) === runs(after) && releases(before) === releases(after);
}

type Parsed =
  | { is: "valid"; migration: DatabaseMigration }
  | { is: "invalid"; message: string; migration: Pick<DatabaseMigration, "metadata" | "status"> };

const Lenient = DatabaseMigration.extend({ status: Status.catch({}) });
const WithoutSpec = Lenient.omit({ spec: true });

/**
 * The CRD lets nothing else in, but an older CRD may. A status that can't be read is taken for none: proof is given anew.
 */
function parse(raw: RawMigration): Parsed {
  const whole = { ...raw, status: raw.status ?? {} };
  const parsed = Lenient.safeParse(whole);
  if (parsed.success) return { is: "valid", migration: parsed.data };
  return { is: "invalid", message: z.prettifyError(parsed.error), migration: WithoutSpec.parse(whole) };
}

/** What couldn't be read has to go: a field of it that stayed would make the next status unreadable too. */
const isUnread = ({ status }: DatabaseMigration, raw: RawMigration): boolean =>
  Object.keys(status).length === 0 && Object.keys(raw.status ?? {}).length > 0;

async function tellInvalid(
  { migration, message }: Extract<Parsed, { is: "invalid" }>,
  context: Context,
): Promise<Look> {
  const { generation } = migration.metadata;
  const text = cut(`the spec can't be used: ${message}`, 1_024);
  const known = migration.status.conditions ?? [];
  const now = `${new Date(context.clock.wall()).toISOString().slice(0, 19)}Z`;
  const conditions = (["Ready", "Stalled"] as const).map((type) => {
    const status = type === "Ready" ? ("False" as const) : ("True" as const);
    const before = known.find((condition) => condition.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now;
    return { type, status, reason: "InvalidSpec", message: text, lastTransitionTime, observedGeneration: generation };
  });
  // The last word on drift is kept there.
  const kept = known.filter(({ type }) => type === "Drifted");
  const status = { ...migration.status, observedGeneration: generation, conditions: [...conditions, ...kept] };
  const written = await writeStatus(migration, status, context);
  if (written === "conflict") return conflict(CONFLICT_MS);
  const { namespace: place, name: called, uid } = migration.metadata;
  const memory = context.memories.of(`${place}/${called}`, uid);
  const held = heldByAll(`${place}/${called}`, { reason: "InvalidSpec", message: text }, context.caches);
  tellHeld(held, { namespace: place, run: null }, memory, context);
  if (written === "written") {
    const { namespace, name } = migration.metadata;
    context.log.warn({ namespace, name, message: text }, "spec can't be used");
    const regarding = regardingOf(migration);
    context.recorder.record({ regarding, type: "Warning", reason: "InvalidSpec", note: text, action: "Start" });
  }
  return ok(null);
}
