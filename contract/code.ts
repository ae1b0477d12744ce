/**
 * Error codes of Lockkeeper's own. Everything else in an error's `code` is a SQLSTATE. They are told in the run log, the
 * report, conditions and events, so they don't change.
 */
export const CODES = [
  /** Flags or environment can't be used. */
  "INVALID_INPUT",
  /** The folder, its journal or a file in it can't be used. */
  "INVALID_SOURCE",
  /** No server answered, or the connection was lost and didn't come back. */
  "UNREACHABLE",
  /** The server answered and refused: password, database, pg_hba, TLS. */
  "CONNECTION_REFUSED",
  /** A transaction pooler is between the runner and the server. */
  "POOLER",
  /** The server is a standby or read-only. */
  "READ_ONLY",
  /** The role lacks a right; the message names it. */
  "PERMISSION",
  /** The advisory lock wasn't free within `--lock-wait`. */
  "RUNNER_LOCK_TIMEOUT",
  /** The session lost the lock that it held; nothing more was applied. */
  "LOCK_LOST",
  /** An applied migration's file changed, or the history has a hole. */
  "DRIFT",
  /** A pending migration sorts before an applied one. */
  "OUT_OF_ORDER",
  /** Statement mode: it can't be told whether a statement ran. */
  "UNCERTAIN",
  /** A statement that Lockkeeper refuses to run. */
  "UNSUPPORTED_STATEMENT",
  /** A module threw, or ended the transaction itself. */
  "MODULE",
  /** SIGTERM or SIGINT. */
  "CANCELLED",
  /** `--run-timeout` was used up. */
  "RUN_TIMEOUT",
  /** A run that died without finishing its row; found by a later run. */
  "ORPHANED",
  /** A bug in Lockkeeper. */
  "BUG",
] as const;
export type Code = (typeof CODES)[number];
