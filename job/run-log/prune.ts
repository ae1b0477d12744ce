import type { TableName } from "../postgres/name.ts";
import { quoteTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";

/** A first prune of an old log must not hold up a run: the next run goes on with the rest. */
const AT_ONCE = 5_000;

/** Deletes finished rows that began longer ago than `retentionMs`, at most 5,000 of them. 0 keeps all. */
export async function pruneRuns(db: Queryable, table: TableName, retentionMs: number): Promise<number> {
  if (retentionMs <= 0) return 0;
  const { rowCount } = await db.query(
    `delete from ${quoteTable(table)} where id in (
       select id from ${quoteTable(table)}
       where started_at < now() - $1::float8 * interval '1 millisecond' and status <> 'RUNNING'
       order by started_at limit ${AT_ONCE})`,
    [retentionMs],
  );
  return rowCount ?? 0;
}
