import type { Run } from "./run.ts";

/** A run as it was observed: `heartbeatAt` is null where none is kept, and its start counts then. */
export type ObservedRun = Run & { heartbeatAt: string | null };

/** One database as the operator's caches or a run log tell it. */
export type Observed = {
  namespace: string;
  name: string;
  version: string | null;
  /** Names of what is pending, as many as are known; `pendingCount` is whole. */
  pending: string[];
  pendingCount: number;
  /** Migrations whose file or history isn't what it was, and how many they are. */
  drift: string[];
  driftCount: number;
  /** What is told of the drift where names and number aren't known. */
  driftText?: string;
  /** Migrations that are known to be applied now, besides those that a later run's row names. */
  applied: ReadonlySet<string>;
  telemetry: { available: boolean; reason: string };
  /** False: what the state is can't be told at all, as when a database doesn't answer. */
  reachable: boolean;
  /** When this was last observed; null: just now. */
  observedAt: string | null;
  /** How old it may be, ms; null: as old as it likes. */
  staleAfterMs: number | null;
  /** All that may matter within the lookback, in any order. */
  runs: ObservedRun[];
};

export type Moment = { now: Date; lookbackMs: number };

/** A run that didn't tell that it is alive for this long is stuck. */
export const HEARTBEAT_FRESH_MS = 60_000;
/** A failure is cured by a later success of the same source, or when its migration is applied now, by whatever source. */
export function isCured(failure: ObservedRun, { runs, applied, pending }: Observed): boolean {
  const migration = failure.error?.migration ?? null;
  // What is pending now isn't applied, whatever a row says: a later run may have stopped before it, or reverted it.
  if (migration !== null && pending.includes(migration)) return false;
  const later = runs.filter((run) => run !== failure && run.status !== "RUNNING" && endOf(run) >= endOf(failure));
  if (later.some((run) => run.source === failure.source && leftNothingToDo(run))) return true;
  if (migration === null) return false;
  return applied.has(migration) || [...later, ...atWork(runs)].some((run) => run.applied.includes(migration));
}

const atWork = (runs: ObservedRun[]): ObservedRun[] => runs.filter((run) => run.status === "RUNNING");

/** A run that was skipped because migrating is disabled looked at nothing, so it has no version. */
const leftNothingToDo = (run: ObservedRun): boolean =>
  run.status === "SUCCESS" || (run.status === "SKIPPED" && run.versionAfter !== null);

/** Whether a run told within the last minute that it goes on. */
export const isAlive = (run: ObservedRun, now: Date): boolean => sinceHeartbeat(run, now) <= HEARTBEAT_FRESH_MS;

/** How long ago a run told that it goes on, ms. */
export const sinceHeartbeat = (run: ObservedRun, now: Date): number =>
  now.getTime() - timeOf(run.heartbeatAt ?? run.startedAt);

/** Whether a run ended (or, if it goes on, began) within the lookback. */
export const isWithin = (run: ObservedRun, now: Date, lookbackMs: number): boolean =>
  now.getTime() - endOf(run) <= lookbackMs;

/** When a run ended, or began where it goes on; ms since 1970. */
export const endOf = (run: ObservedRun): number => timeOf(run.finishedAt ?? run.startedAt);

/** For sorting. */
export const newestFirst = (a: ObservedRun, b: ObservedRun): number => endOf(b) - endOf(a);

/** A time that can't be read is as old as can be, so that it can't hide anything that is stuck. */
export const timeOf = (text: string): number => {
  const time = Date.parse(text);
  return Number.isNaN(time) ? 0 : time;
};
