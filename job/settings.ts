import type { HistoryFormat } from "./history/history.ts";
import type { TableName } from "./postgres/name.ts";
import type { SourceFormat } from "./source/migration.ts";

/** How to reach the database. The URL lives in memory only: never in arguments, logs, rows or reports. */
export type ConnectionSettings = {
  url: string;
  /** PEM text of the CA, from `--ca-file`; null: the URL's own TLS settings. */
  ca: string | null;
  /** How long an unreachable server is waited for, ms. */
  connectWaitMs: number;
  applicationName: string;
  /** False only in tests that want to see what happens when the check misses a pooler. */
  checkPooler: boolean;
};

/** Everything that a run needs to know; made from flags and environment (cli/) or options (index.ts). Times are ms. */
export type RunSettings = {
  connection: ConnectionSettings;
  source: { dir: string; format: SourceFormat | "auto"; to: string | null };
  lock: { waitMs: number; timeoutMs: number; retries: number };
  /** 0: none. */
  statementTimeoutMs: number;
  /** 0: none. */
  runTimeoutMs: number;
  allowDrift: boolean;
  allowOutOfOrder: boolean;
  /** The last migration that a database without a history is taken to have; null: none. */
  baseline: string | null;
  history: { format: HistoryFormat | "auto"; table: TableName | null };
  runLog: { enabled: boolean; table: TableName | null; retentionMs: number };
  run: { id: string; runner: string; source: string; host: string };
  /** Files that go into one message; 1 sends each alone. */
  batch: { maxFiles: number; maxBytes: number };
};
