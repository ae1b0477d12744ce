import { redact } from "../../contract/redact.ts";
import type { ColumnName } from "./columns.ts";
import type { RunRow } from "./run-log.ts";

/** What an insert or an update writes, column by column; `heartbeat_at` is always the server's own time. */
export const WRITTEN = {
  id: (row) => row.id,
  status: (row) => row.status,
  runner: (row) => row.runner,
  source: (row) => row.source,
  host: (row) => row.host,
  started_at: (row) => row.startedAt,
  finished_at: (row) => row.finishedAt,
  lock_wait_ms: (row) => Math.max(0, Math.round(row.lockWaitMs)),
  version_before: (row) => row.versionBefore,
  version_after: (row) => row.versionAfter,
  pending: (row) => row.pending,
  applied: (row) => row.applied,
  error_code: (row) => row.error?.code ?? null,
  error_message: (row) => row.error?.message ?? null,
  error_migration: (row) => row.error?.migration ?? null,
  blockers: (row) => (row.blockers.length === 0 ? null : JSON.stringify(row.blockers)),
} satisfies Record<Exclude<ColumnName, "heartbeat_at">, (row: RunRow) => unknown>;

/** Columns and values in one order, for parameters that count from 1. */
export const writtenColumns = Object.keys(WRITTEN) as (keyof typeof WRITTEN)[];
export const writtenValues = (row: RunRow): unknown[] => writtenColumns.map((column) => WRITTEN[column](row));

/** The row as the server takes it (no NUL, no half of a surrogate pair) and anybody may read it (no credential). */
export function cleanRow(row: RunRow, secrets: readonly string[]): RunRow {
  const clean = (text: string): string => redact(text.replaceAll("\0", "\uFFFD").toWellFormed(), secrets);
  const cleanNullable = (text: string | null): string | null => (text === null ? null : clean(text));
  return {
    ...row,
    runner: clean(row.runner),
    source: cleanNullable(row.source),
    host: cleanNullable(row.host),
    versionBefore: cleanNullable(row.versionBefore),
    versionAfter: cleanNullable(row.versionAfter),
    pending: row.pending.map(clean),
    applied: row.applied.map(clean),
    error:
      row.error === null
        ? null
        : {
            code: row.error.code,
            message: clean(row.error.message),
            migration: cleanNullable(row.error.migration),
          },
    blockers: row.blockers.map((blocker) => ({
      pid: blocker.pid,
      user: cleanNullable(blocker.user),
      application: cleanNullable(blocker.application),
      state: cleanNullable(blocker.state),
      transactionAge: cleanNullable(blocker.transactionAge),
      relation: cleanNullable(blocker.relation),
      mode: cleanNullable(blocker.mode),
      preparedTransaction: cleanNullable(blocker.preparedTransaction),
    })),
  };
}
