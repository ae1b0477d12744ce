import type { TableName } from "../postgres/name.ts";
import { quoteTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";

/**
 * Finishes every other RUNNING row as FAILED with the code ORPHANED. The caller holds the lock, so whoever wrote them is
 * dead, or has lost the lock and applies nothing any more. What it applied is in the history, and its row says what it
 * knew at its last heartbeat. Returns their ids. `only` is SQL: nothing is done unless it is true.
 */
export async function repairOrphans(db: Queryable, table: TableName, runId: string, only = "true"): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `update ${quoteTable(table)} set
       status = 'FAILED',
       finished_at = clock_timestamp(),
       error_code = 'ORPHANED',
       error_message = concat('the runner died without ending its run; its last heartbeat was at ',
         to_char(heartbeat_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ', and run ', $1::text, ' found it')
     where status = 'RUNNING' and id::text <> $1::text and ${only}
     returning id::text as id`,
    [runId],
  );
  return rows.map(({ id }) => id);
}
