import { setImmediate as turn } from "node:timers/promises";
import { formatDuration } from "../../contract/duration.ts";
import type { Alert, OpsQuery } from "../../contract/ops.ts";
import { notReady } from "../../contract/ops-answer.ts";
import type { OpsAnswer, OpsBackend, Takes } from "../../contract/ops-answer.ts";
import type { Observed } from "../../contract/ops-observed.ts";
import { isAsked, momentOf, stateOf, summaryOf } from "../../contract/ops-payload.ts";
import { alertsOf, bySeverity, statusOf } from "../../contract/ops-status.ts";
import type { Clock } from "../clock.ts";
import type { Caches } from "../watch/caches.ts";
import type { RawMigration } from "../watch/migration.ts";
import { aliveAt } from "./heartbeat.ts";
import type { Sight } from "./heartbeat.ts";
import { keeper } from "./kept.ts";
import { observedOf } from "./observed-of.ts";
import type { Read } from "./observed-of.ts";
import { openSqueeze } from "./squeeze.ts";

/** An answer is at most a second old when it is given, and is made anew beside from 0.7 s on. */
const KEPT = { renewMs: 700, keptMs: 1_000, most: 4 };
/** Between two turns of the event loop: the leader has other work. */
const AT_ONCE = 10;
/** An answer has no more runs than these, so that five thousand resources still fit into the memory: some 10 MB. */
const MOST_RUNS = 20_000;
/** A fleet's megabytes are a twentieth when they are compressed. */
const WORTH_ZIPPING = 65_536;
/** A watch that has heard nothing for so long may have missed anything (health/checks.ts). */
const STALE_MS = 120_000;

export type Watched = Pick<Caches, "migrations" | "jobs" | "pods" | "isSynced" | "freshAt">;

/** What is kept of a resource as long as it is as it is: reading it and writing it anew each time would be dear. */
type Known = Read & { limit: number; state: Buffer };

/**
 * Answers from the caches, on every replica, whether it leads or not. The clock's wall time should be the cluster's: it is
 * compared with what the cluster wrote.
 */
export function openAnswers(caches: Watched, clock: Clock): OpsBackend["answer"] {
  const keep = keeper<OpsAnswer>(clock, KEPT);
  const squeeze = openSqueeze(clock);
  const known = new WeakMap<RawMigration, Known>();

  function know(raw: RawMigration): Known {
    const found = known.get(raw);
    if (found !== undefined) return found;
    const read = { ...observedOf(raw), limit: 0, state: NOTHING };
    known.set(raw, read);
    return read;
  }

  async function make(query: OpsQuery, takes: Takes): Promise<OpsAnswer> {
    const sight = sightOf(caches, clock);
    const chosen = chosenOf(caches, query);
    const limit = Math.max(1, Math.min(query.limit, Math.floor(MOST_RUNS / Math.max(1, chosen.length))));
    const moment = momentOf(query, sight.now);
    const found: Alert[] = [];
    const states: Buffer[] = [];
    for (const [index, raw] of chosen.entries()) {
      if (index % AT_ONCE === AT_ONCE - 1) await turn();
      const one = know(raw);
      const isLive = one.jobs.size > 0;
      const observed = isLive ? liveOf(one, sight) : one.observed;
      found.push(...alertsOf(observed, moment));
      if (!isLive && one.limit !== limit) Object.assign(one, { limit, state: jsonOf(observed, limit) });
      states.push(isLive ? jsonOf(observed, limit) : one.state);
    }
    const summary = summaryOf({ alerts: found, migrations: states.length }, query, sight.now);
    const alerts = bySeverity([...summary.alerts, ...silence(sight.silentMs)]);
    const status = statusOf(alerts);
    const head = JSON.stringify({ ...summary, status, alerts });
    const parts = partsOf(`${head.slice(0, -1)},"migrations":[`, states, "]}");
    const code = status === "critical" ? 503 : 200;
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    if (size < WORTH_ZIPPING) return { status: code, body: Buffer.concat(parts) };
    const body = takes.gzip ? await squeeze(parts) : Buffer.concat(parts);
    return { status: code, body, gzip: takes.gzip };
  }

  return async (query, takes) => {
    if (!caches.isSynced()) return notReady("the operator has just started and doesn't know the cluster yet");
    return await keep(JSON.stringify([query, takes]), async () => await make(query, takes));
  };
}

const NOTHING = Buffer.alloc(0);

const jsonOf = (observed: Observed, limit: number): Buffer => Buffer.from(JSON.stringify(stateOf(observed, limit)));

/** Megabytes: put together as bytes, not as a text that would be made bytes of again. */
function partsOf(head: string, states: readonly Buffer[], end: string): Buffer[] {
  const comma = Buffer.from(",");
  const between = states.flatMap((state, index) => (index === 0 ? [state] : [comma, state]));
  return [Buffer.from(head), ...between, Buffer.from(end)];
}

/** In the order of their names, so that two answers can be compared, and those of two replicas. */
function chosenOf({ migrations }: Pick<Watched, "migrations">, query: OpsQuery): RawMigration[] {
  const chosen = [...migrations.values()].filter(({ metadata }) => isAsked(metadata, query));
  return chosen.toSorted(
    ({ metadata: a }, { metadata: b }) => compare(a.namespace, b.namespace) || compare(a.name, b.name),
  );
}

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

/** What is true now of the caches. */
export const sightOf = (caches: Watched, clock: Pick<Clock, "now" | "wall">): Sight => ({
  caches,
  now: new Date(clock.wall()),
  silentMs: clock.now() - caches.freshAt(),
});

/** With what is known at this moment of the runs that are on. */
export function liveOf({ observed, jobs }: Read, sight: Sight): Observed {
  const runs = observed.runs.map((run) => {
    const job = run.status === "RUNNING" ? jobs.get(run.id) : undefined;
    if (job === undefined) return run;
    const { at, pod } = aliveAt(observed.namespace, job, sight);
    return { ...run, heartbeatAt: at, host: run.host ?? pod };
  });
  return { ...observed, runs };
}

function silence(silentMs: number): Alert[] {
  if (silentMs < STALE_MS) return [];
  const message = `nothing was heard of the API server for ${formatDuration(silentMs)}: what is told here is as old`;
  return [{ severity: "warning", code: "STALE_TELEMETRY", namespace: "", name: "", message }];
}
