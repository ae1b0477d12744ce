import type { Alert, MigrationState, OpsPayload, OpsQuery } from "./ops.ts";
import type { Moment, Observed, ObservedRun } from "./ops-observed.ts";
import { alertsOf, bySeverity, statusOf } from "./ops-status.ts";
import type { Run } from "./run.ts";

/** Everything that is observed, as the payload that the query asks for. Pure: `now` is given. */
export function makePayload(all: readonly Observed[], query: OpsQuery, now: Date): OpsPayload {
  const chosen = all.filter((one) => isAsked(one, query));
  const moment = momentOf(query, now);
  const alerts = chosen.flatMap((one) => alertsOf(one, moment));
  const migrations = chosen.map((one) => stateOf(one, query.limit));
  return { ...summaryOf({ alerts, migrations: migrations.length }, query, now), migrations };
}

/** Whether the query asks for it. */
export const isAsked = (one: Pick<Observed, "namespace" | "name">, { namespace, name }: OpsQuery): boolean =>
  (namespace === "" || one.namespace === namespace) && (name === "" || one.name === name);

/** What the query's alerts are judged by. */
export const momentOf = ({ lookbackMinutes }: OpsQuery, now: Date): Moment => ({
  now,
  lookbackMs: lookbackMinutes * 60_000,
});

/** What was found in those that the query asks for: the alerts of each in turn, and how many they are. */
export type Findings = { alerts: readonly Alert[]; migrations: number };

/** The payload but for its `migrations`. */
export function summaryOf(found: Findings, query: OpsQuery, now: Date): Omit<OpsPayload, "migrations"> {
  const alerts = bySeverity([...found.alerts, ...nothingMatches(found.migrations, query)]);
  return { status: statusOf(alerts), generatedAt: now.toISOString(), lookbackMinutes: query.lookbackMinutes, alerts };
}

/** A name that was misspelt must not look like a database where all is well. */
function nothingMatches(migrations: number, { namespace, name }: OpsQuery): Alert[] {
  if (migrations > 0 || (namespace === "" && name === "")) return [];
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
