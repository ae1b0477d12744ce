/**
 * The runner's exit codes: a contract with the operator, Helm hooks, compose files and CI. Documented in README.md;
 * a code never changes its meaning.
 */
export const EXIT = {
  /** Done, or nothing to do. */
  done: 0,
  /** A lock could not be had in time: the advisory lock, or a relation's after all tries. Waiting may cure it. */
  lockTimeout: 10,
  /** A migration failed with an error that repeating won't cure. */
  failedMigration: 11,
  /** History and source disagree: a changed checksum, a hole, an entry out of order. */
  drift: 12,
  /** Flags, environment, the folder or a file in it can't be used, or the role lacks a right. */
  invalidInput: 13,
  /** The database, or what `check` asks, can't be reached, or refuses the connection. */
  unreachable: 14,
  /** SIGTERM, SIGINT, or out of time: `--run-timeout`, and `--wait` of a strict check. */
  cancelled: 15,
  /** `check --strict` found what is critical. */
  critical: 16,
  /** A bug in Lockkeeper (EX_SOFTWARE). */
  bug: 70,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
