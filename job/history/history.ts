import type { TableName } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";
import type { Migration, Source } from "../source/migration.ts";

export const HISTORY_FORMATS = ["lockkeeper", "drizzle"] as const;
export type HistoryFormat = (typeof HISTORY_FORMATS)[number];

/** One row of a history table, in the order of application. */
export type HistoryRow = {
  /** The migration's name where the table keeps it; else what can be said of the row, like `drizzle entry 1700000000000`. */
  name: string;
  checksum: string | null;
  /** drizzle's `created_at`, in ms. */
  when: number | null;
  runId: string | null;
  /** ISO 8601, where the table keeps it. */
  appliedAt: string | null;
};

/** Which migration a row is of; null where the source has none. */
export type MatchedRow = { row: HistoryRow; migration: Migration | null };

/**
 * A history table: whose it is, how it is read, and the statements that a migration's own transaction runs on it. The
 * fragments are PL/pgSQL for the prologue's DO block: whole statements with their semicolons, names qualified.
 */
export type History = {
  format: HistoryFormat;
  table: TableName;
  /** Creates what lacks, under the lock. Asks the catalog first. Refuses a table whose columns don't fit. */
  ensure(db: Queryable): Promise<void>;
  /** All rows in order; none when the table doesn't exist. Never creates anything. Refuses a table that doesn't fit. */
  read(db: Queryable): Promise<HistoryRow[]>;
  match(source: Source, rows: HistoryRow[]): MatchedRow[];
  /** PL/pgSQL that inserts the row; raises unique_violation (23505) when the migration is in the history already. */
  claim(migration: Migration, runId: string): string;
  /** PL/pgSQL that deletes the row; raises no_data_found (P0002) when it isn't there. For `down`. */
  forget(migration: Migration): string;
};
