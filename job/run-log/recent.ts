import type { ObservedRun } from "../../contract/ops-observed.ts";
import type { Blocker, RunStatus } from "../../contract/run.ts";
import type { TableName } from "../postgres/name.ts";
import { quoteTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";

/** A run, and the names that were pending when it was planned. */
export type LoggedRun = ObservedRun & { pending: string[] };

export type RecentRuns = {
  /** The server's clock, which the heartbeats were taken from. */
  now: Date;
  database: string;
  /** Newest first: the last `limit`, and whatever else matters for alerts within the lookback. */
  runs: LoggedRun[];
};

/** A run that ended within the lookback began at most so long before it. Lets the index on started_at do the work. */
const LONGEST_RUN = "7 days";
const MOST_JUDGED = 500;

/**
 * What a run is pieced together from: the newest ones for showing; all that ended or goes on within the lookback for
 * judging, except those that were skipped because migrating is disabled (an app with many replicas writes one for each
 * start); and the newest one that was planned, because it tells what is pending.
 */
const statement = (table: string): string => `
with planned as (
  select id, started_at from ${table}
  where status = 'SUCCESS' or cardinality(pending) > 0 or cardinality(applied) > 0
    or (status = 'SKIPPED' and version_after is not null)
  order by started_at desc limit 1
), wanted as (
  (select id from ${table} order by started_at desc, id desc limit $1::int)
  union (select id from planned)
  union (select id from ${table} where status = 'RUNNING' order by started_at desc limit ${MOST_JUDGED})
  union (
    select id from ${table}
    where error_code = 'DRIFT' and started_at >= coalesce((select started_at from planned), '-infinity')
    order by started_at desc limit 1)
  union (
    select id from ${table}
    where started_at >= now() - $2::float8 * interval '1 millisecond' - interval '${LONGEST_RUN}'
      and coalesce(finished_at, started_at) >= now() - $2::float8 * interval '1 millisecond'
      and not (status = 'SKIPPED' and version_after is null)
    order by started_at desc limit ${MOST_JUDGED})
)
select json_build_object('now', clock_timestamp(), 'database', current_database(), 'runs', coalesce((
  select json_agg(json_build_object(
    'id', id, 'status', status, 'runner', runner, 'source', source, 'host', host,
    'startedAt', started_at, 'heartbeatAt', heartbeat_at, 'finishedAt', finished_at, 'lockWaitMs', lock_wait_ms,
    'versionBefore', version_before, 'versionAfter', version_after, 'pending', pending, 'applied', applied,
    'errorCode', error_code, 'errorMessage', error_message, 'errorMigration', error_migration, 'blockers', blockers
  ) order by started_at desc, id desc)
  from ${table} where id in (select id from wanted)
    and status in ('RUNNING', 'SUCCESS', 'LOCK_TIMEOUT', 'FAILED', 'SKIPPED')), '[]'))::text as told`;

/** As the server's JSON has it: read by ourselves, because an app may have told `pg` to parse types its own way. */
type Told = {
  id: string;
  status: RunStatus;
  runner: string;
  source: string | null;
  host: string | null;
  startedAt: string;
  heartbeatAt: string;
  finishedAt: string | null;
  lockWaitMs: number | null;
  versionBefore: string | null;
  versionAfter: string | null;
  pending: string[] | null;
  applied: string[] | null;
  errorCode: string | null;
  errorMessage: string | null;
  errorMigration: string | null;
  blockers: Blocker[] | null;
};

/** The newest `limit` runs and what else matters within the lookback. The table fits (fit.ts); reads only. */
export async function recentRuns(
  db: Queryable,
  table: TableName,
  { limit, lookbackMs }: { limit: number; lookbackMs: number },
): Promise<RecentRuns> {
  const { rows } = await db.query<{ told: string }>(statement(quoteTable(table)), [limit, lookbackMs]);
  const told = JSON.parse(rows[0]?.told ?? "{}") as { now: string; database: string; runs: Told[] };
  return { now: new Date(told.now), database: told.database, runs: told.runs.map(toRun) };
}

function toRun(told: Told): LoggedRun {
  const { errorCode, errorMessage, errorMigration, ...run } = told;
  return {
    ...run,
    startedAt: toIso(told.startedAt),
    heartbeatAt: toIso(told.heartbeatAt),
    finishedAt: told.finishedAt === null ? null : toIso(told.finishedAt),
    lockWaitMs: Math.max(0, Math.round(told.lockWaitMs ?? 0)),
    pending: told.pending ?? [],
    applied: told.applied ?? [],
    error:
      errorCode === null && errorMessage === null
        ? null
        : { code: errorCode ?? "", message: errorMessage ?? "", migration: errorMigration },
    blockers: Array.isArray(told.blockers) ? told.blockers : [],
  };
}

/** A time that JavaScript can't read (`infinity`) is as old as can be: it can't hide anything that is stuck. */
function toIso(text: string): string {
  const time = new Date(text);
  return (Number.isNaN(time.getTime()) ? new Date(0) : time).toISOString();
}
