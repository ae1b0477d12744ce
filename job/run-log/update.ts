import type { TableName } from "../postgres/name.ts";
import { quoteTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";
import { writtenColumns, writtenValues } from "./row.ts";
import type { RunRow } from "./run-log.ts";

/**
 * Brings a RUNNING row up to date: a heartbeat, or the run's end. False when there is none: it was deleted, or somebody
 * who holds the lock now has finished it. A finished row never changes.
 */
export async function updateRun(db: Queryable, table: TableName, row: RunRow): Promise<boolean> {
  const assignments = writtenColumns.map((column, index) => `${column} = $${index + 1}`).join(", ");
  const { rowCount } = await db.query(
    `update ${quoteTable(table)} set ${assignments}, heartbeat_at = clock_timestamp()
     where id = $1 and status = 'RUNNING'`,
    writtenValues(row),
  );
  return rowCount === 1;
}
