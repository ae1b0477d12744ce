import type { Alert, MigrationState, OpsPayload, OpsQuery } from "./ops.ts";
import type { Observed, ObservedRun } from "./ops-observed.ts";
import { alertsOf, bySeverity, statusOf } from "./ops-status.ts";
import type { Run } from "./run.ts";

/** Everything that is observed, as the payload that the query asks for. Pure: `now` is given. */
export function makePayload(all: readonly Observed[], query: OpsQuery, now: Date): OpsPayload {
  const chosen = all.filter((one) => isAsked(one, query));
  return { ...summaryOf(chosen, query, now), migrations: chosen.map((one) => stateOf(one, query.limit)) };
}

/** Whether the query asks for it. */
export const isAsked = (one: Pick<Observed, "namespace" | "name">, { namespace, name }: OpsQuery): boolean =>
  (namespace === "" || one.namespace === namespace) && (name === "" || one.name === name);

/** The payload but for its `migrations`, of those that the query asks for. */
export function summaryOf(chosen: readonly Observed[], query: OpsQuery, now: Date): Omit<OpsPayload, "migrations"> {
  const { lookbackMinutes } = query;
  const moment = { now, lookbackMs: lookbackMinutes * 60_000 };
  const alerts = bySeverity([...chosen.flatMap((one) => alertsOf(one, moment)), ...nothingMatches(chosen, query)]);
  return { status: statusOf(alerts), generatedAt: now.toISOString(), lookbackMinutes, alerts };
}

/** A name that was misspelt must not look like a database where all is well. */
function nothingMatches(chosen: readonly Observed[], { namespace, name }: OpsQuery): Alert[] {
  if (chosen.length > 0 || (namespace === "" && name === "")) return [];
  const asked = [namespace, name].filter((part) => part !== "").join("/");
  return [
    { severity: "warning", code: "STALE_TELEMETRY", namespace, name, message: `nothing here is called ${asked}` },
  ];
}

/** One database, with its newest runs, at most so many. */
export const stateOf = (one: Observed, limit: number): MigrationState => ({
  namespace: one.namespace,
  name: one.name,
  version: one.version,
  pending: one.pending,
  pendingCount: one.pendingCount,
  telemetry: one.telemetry,
  recentRuns: one.runs
    .toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
    .slice(0, limit)
    .map(runOf),
});

/** The run without what is observed for judging only. */
const runOf = (run: ObservedRun): Run => ({
  id: run.id,
  status: run.status,
  runner: run.runner,
  source: run.source,
  host: run.host,
  startedAt: run.startedAt,
  finishedAt: run.finishedAt,
  lockWaitMs: run.lockWaitMs,
  versionBefore: run.versionBefore,
  versionAfter: run.versionAfter,
  applied: run.applied,
  error: run.error,
  blockers: run.blockers,
});
