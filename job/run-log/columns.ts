import type { TableName } from "../postgres/name.ts";

/** The run log's table where no other is configured. Its schema is Lockkeeper's own: only there a table is created. */
export const OWN_SCHEMA = "lockkeeper";
export const DEFAULT_TABLE: TableName = { schema: OWN_SCHEMA, table: "migration_run_log" };

type Column = {
  /** As `create table` has it. */
  definition: string;
  /** Types that a table made by somebody else may have, as `format_type` prints them; the first is ours. */
  types: readonly string[];
  /** As `alter table ... add column` has it, for a table with rows; null: a table without this column isn't ours. */
  added: string | null;
};

const TEXT = ["text", "character varying"] as const;
const TIMES = ["timestamp with time zone"] as const;
const NAMES = ["text[]", "character varying[]"] as const;

const optional = (definition: string, types: readonly string[]): Column => ({ definition, types, added: definition });

/** Every column that a run is written to. A new one must be nullable or have a default: old tables get it added. */
export const COLUMNS = {
  id: { definition: "uuid primary key", types: ["uuid", "text"], added: null },
  status: {
    definition:
      "text not null constraint migration_run_log_status_check " +
      "check (status in ('RUNNING', 'SUCCESS', 'LOCK_TIMEOUT', 'FAILED', 'SKIPPED'))",
    types: TEXT,
    added: null,
  },
  runner: { definition: "text not null", types: TEXT, added: null },
  source: optional("text", TEXT),
  host: optional("text", TEXT),
  started_at: { definition: "timestamptz not null", types: TIMES, added: null },
  heartbeat_at: { definition: "timestamptz not null", types: TIMES, added: "timestamptz not null default now()" },
  finished_at: optional("timestamptz", TIMES),
  lock_wait_ms: optional("bigint not null default 0", ["bigint", "integer", "numeric"]),
  version_before: optional("text", TEXT),
  version_after: optional("text", TEXT),
  pending: optional("text[] not null default '{}'", NAMES),
  applied: optional("text[] not null default '{}'", NAMES),
  error_code: optional("text", TEXT),
  error_message: optional("text", TEXT),
  error_migration: optional("text", TEXT),
  blockers: optional("jsonb", ["jsonb", "json"]),
} satisfies Record<string, Column>;

export type ColumnName = keyof typeof COLUMNS;
export const COLUMN_NAMES = Object.keys(COLUMNS) as ColumnName[];
