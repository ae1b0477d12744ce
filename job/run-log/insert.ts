import type { TableName } from "../postgres/name.ts";
import { quoteTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";
import { writtenColumns, writtenValues } from "./row.ts";
import type { RunRow } from "./run-log.ts";

/**
 * Writes a run's first row, RUNNING or already finished. False when the id is there already. By an exists check, not by
 * `on conflict`: a table made by somebody else may lack a unique key. `only` is SQL: nothing is done unless it is true.
 */
export async function insertRun(db: Queryable, table: TableName, row: RunRow, only = "true"): Promise<boolean> {
  const parameters = writtenColumns.map((_, index) => `$${index + 1}`).join(", ");
  const { rowCount } = await db.query(
    `insert into ${quoteTable(table)} (${writtenColumns.join(", ")}, heartbeat_at)
     select ${parameters}, clock_timestamp()
     where not exists (select from ${quoteTable(table)} where id = $1) and ${only}`,
    writtenValues(row),
  );
  return rowCount === 1;
}
