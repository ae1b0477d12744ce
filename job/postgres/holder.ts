import { LOCK_KEY } from "../../contract/lock.ts";
import type { Queryable } from "./queryable.ts";

/** Who holds the advisory lock right now. Fields are null where the role may not see another role's activity. */
export type Holder = {
  pid: number;
  user: string | null;
  application: string | null;
  /** The client's address, null for a local socket. */
  address: string | null;
  state: string | null;
  /** How long ago the backend started, ms. */
  connectedMs: number | null;
  /** How long the current state or query lasts, ms. */
  ageMs: number | null;
  /** The text of its last statement: for `unlock`'s own output only, never for rows, reports or events. */
  query: string | null;
};

/** Of `pg_locks l`: it is the migration lock in this database, held by a backend. */
const IS_LOCK = `l.locktype = 'advisory' and l.granted and l.objsubid = 1
  and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
  and l.classid = (${LOCK_KEY}::bigint >> 32)::int8::oid
  and l.objid = (${LOCK_KEY}::bigint & 4294967295)::oid
  and l.pid is not null`;

const HOLDER = `
select l.pid,
       a.usename::text as "user",
       nullif(a.application_name, '') as application,
       pg_catalog.host(a.client_addr) as address,
       a.state,
       (extract(epoch from pg_catalog.clock_timestamp() - a.backend_start) * 1000)::float8 as "connectedMs",
       (extract(epoch from pg_catalog.clock_timestamp() - a.state_change) * 1000)::float8 as "ageMs",
       nullif(a.query, '<insufficient privilege>') as query
from pg_catalog.pg_locks l
left join pg_catalog.pg_stat_activity a on a.pid = l.pid
where ${IS_LOCK}
limit 1`;

/** The session that holds the migration lock in this database, or null. */
export async function findHolder(db: Queryable): Promise<Holder | null> {
  const { rows } = await db.query<Holder>(HOLDER);
  return rows[0] ?? null;
}

/**
 * SQL that is true while the backend `pid` holds the migration lock. A statement that the server gets to only after its
 * client died, when another runner is at work, does nothing under this condition: the lock is looked at after the
 * statement's snapshot was taken, so what a next holder wrote isn't in it.
 */
export const lockHeldBy = (pid: number): string =>
  `exists (select from pg_catalog.pg_locks l where ${IS_LOCK} and l.pid = ${pid})`;
