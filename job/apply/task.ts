import type { Migration } from "../source/migration.ts";
import type { Mode } from "./mode.ts";

/** One migration in one direction. Its functions are the same for all tasks: thousands of them take little memory. */
export type Task = {
  migration: Migration;
  direction: "up" | "down";
  mode: Mode;
  /** PL/pgSQL that writes the history: inserts the migration's row, or for a down deletes it. Made when it is needed. */
  claim: (migration: Migration) => string;
  /** The SQL file's text, read when it is needed. */
  read: (migration: Migration) => Promise<Buffer>;
};

/** What the run has to show for itself so far; the stages write it as they go, so that no interruption loses it. */
export type Ledger = {
  /** In order. */
  applied: string[];
  /** By a `down`, newest first. */
  reverted: string[];
  lockWaitMs: number;
};

export type ApplySettings = {
  runId: string;
  lockTimeoutMs: number;
  lockRetries: number;
  statementTimeoutMs: number;
  batch: { maxFiles: number; maxBytes: number };
};
