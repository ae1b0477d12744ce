import { formatDuration } from "../../contract/duration.ts";
import type { Blocker } from "../../contract/run.ts";
import type { Queryable } from "./queryable.ts";

/** One look at a backend that waits for a lock: for what, how long so far, and who is in its way. */
export type LockWait = {
  /** Since when it waits, as the server has it: tells one wait from the next. */
  since: string;
  waitedMs: number;
  relation: string | null;
  blockers: Blocker[];
};

/** A blocker may wait for another, and that one too. */
const LONGEST_CHAIN = 3;

type Row = {
  since: string | null;
  waitedMs: number | null;
  relation: string | null;
  /** The backend that `pid` is in the way of. */
  behind: number;
  pid: number | null;
  user: string | null;
  application: string | null;
  state: string | null;
  ageMs: number | null;
  mode: string | null;
};

/**
 * `pg_blocking_pids` tells both who holds a lock and who waits for it ahead of us. Who waits is followed to those that it
 * waits for: behind a queue, they are the ones to end. 0 is a prepared transaction, which has no backend. Without
 * `pg_read_all_stats` another role's state and age are null.
 */
const WAIT = `
with recursive waits as materialized (
  select l.pid, l.relation as oid, l.waitstart, l.transactionid from pg_catalog.pg_locks l where not l.granted
), chain (behind, pid, depth) as (
  select w.pid, b.pid, 1
  from waits w left join lateral pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) as b(pid) on true
  where w.pid = $1
  union
  select w.pid, b.pid, c.depth + 1
  from chain c join waits w on w.pid = c.pid, pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) as b(pid)
  where c.depth < ${LONGEST_CHAIN} and b.pid <> $1
)
select w.waitstart::text as since,
       (extract(epoch from pg_catalog.clock_timestamp() - w.waitstart) * 1000)::float8 as "waitedMs",
       n.nspname || '.' || c.relname as relation,
       b.behind,
       b.pid,
       a.usename::text as "user",
       nullif(a.application_name, '') as application,
       a.state,
       (extract(epoch from pg_catalog.clock_timestamp() - a.xact_start) * 1000)::float8 as "ageMs",
       (select h.mode from pg_catalog.pg_locks h
        where h.pid = b.pid and (h.relation = w.oid or h.transactionid = w.transactionid)
        order by h.granted desc limit 1) as mode
from chain b
join waits w on w.pid = b.behind
left join pg_catalog.pg_stat_activity a on a.pid = b.pid
left join pg_catalog.pg_class c on c.oid = w.oid
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
order by b.depth`;

/** Prepared transactions that hold a lock on what the backend waits for: found by their transaction id's lock. */
const PREPARED = `
with waiting as (
  select l.relation, l.transactionid from pg_catalog.pg_locks l where l.pid = $1 and not l.granted limit 1
)
select p.gid, p.owner::text as "user", h.mode,
       (extract(epoch from pg_catalog.clock_timestamp() - p.prepared) * 1000)::float8 as "ageMs"
from waiting w
join pg_catalog.pg_locks h on h.pid is null and h.granted
  and (h.relation = w.relation or h.transactionid = w.transactionid)
join pg_catalog.pg_locks x on x.pid is null and x.locktype = 'transactionid' and x.virtualtransaction = h.virtualtransaction
join pg_catalog.pg_prepared_xacts p on p.transaction = x.transactionid`;

/** What the backend `pid` waits for right now and who blocks it, or null when it waits for no lock. */
export async function lookAtWait(db: Queryable, pid: number): Promise<LockWait | null> {
  const { rows } = await db.query<Row>(WAIT, [pid]);
  const first = rows[0];
  if (first === undefined || first.since === null) return null;
  const blockers: Blocker[] = [];
  for (const row of rows) {
    if (row.pid === 0) blockers.push(...(await preparedBlockers(db, row.behind, row.relation)));
    else if (row.pid !== null && !blockers.some((known) => known.pid === row.pid)) blockers.push(asBlocker(row));
  }
  return { since: first.since, waitedMs: Math.round(first.waitedMs ?? 0), relation: first.relation, blockers };
}

const asBlocker = (row: Row): Blocker => ({
  pid: row.pid ?? 0,
  user: row.user,
  application: row.application,
  state: row.state,
  transactionAge: row.ageMs === null ? null : formatDuration(row.ageMs),
  relation: row.relation,
  mode: row.mode,
  preparedTransaction: null,
});

async function preparedBlockers(db: Queryable, pid: number, relation: string | null): Promise<Blocker[]> {
  const { rows } = await db.query<{ gid: string; user: string; mode: string; ageMs: number }>(PREPARED, [pid]);
  const byGid = new Map(rows.map((row) => [row.gid, row]));
  return [...byGid.values()].map((row) => ({
    pid: 0,
    user: row.user,
    application: null,
    state: "prepared",
    transactionAge: formatDuration(row.ageMs),
    relation,
    mode: row.mode,
    preparedTransaction: row.gid,
  }));
}
