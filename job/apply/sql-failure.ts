import { EXIT } from "../../contract/exit-code.ts";
import { blockedBy, blockedHint, lockTimeoutSentence } from "../../contract/sentence.ts";
import type { Blocker } from "../../contract/run.ts";
import { Failure } from "../failure.ts";
import type { FailureDetails, Location } from "../failure.ts";
import { SQLSTATE } from "../postgres/sqlstate.ts";
import type { ServerError } from "../postgres/sqlstate.ts";
import type { Task } from "./task.ts";

const HINTS: Record<string, string> = {
  [SQLSTATE.insufficientPrivilege]: "Grant the migrating role that right, or make it the object's owner.",
  [SQLSTATE.readOnlyTransaction]: "The server went read-only: run it again on the primary.",
  "53100": "The server's disk is full: make room, then run again. Nothing of this migration was kept.",
  "42601": "The SQL has a syntax error there. psql's own commands (\\connect, \\copy) don't work in a migration.",
  "42P07":
    "It exists already: did something else make it? `lockkeeper baseline NAME` records migrations without running them.",
};

/** A migration's SQL error, with its place. `detail` can hold row data: it stays out of the message. */
export function sqlFailure(task: Task, error: ServerError, location: Location): Failure {
  const details: FailureDetails = { migration: task.migration.name, location, cause: error };
  const timedOut = error.code === SQLSTATE.queryCanceled && error.message.includes("statement timeout");
  const hint = timedOut
    ? "Raise --statement-timeout, or do the work in smaller steps."
    : (error.hint ?? HINTS[error.code]);
  if (hint !== undefined) details.hint = hint;
  if (error.detail !== undefined) details.detail = error.detail;
  return new Failure(error.code, EXIT.failedMigration, `${task.migration.name}: ${error.message}`, details);
}

export type TriedWait = { waitedMs: number; relation: string | null; blockers: Blocker[]; tries: number };

/** All tries are used up: an outcome of its own, which names who blocked. */
export function lockFailure(task: Task, error: ServerError, wait: TriedWait, location: Location): Failure {
  const migration = task.migration.name;
  const by = wait.blockers.length === 0 ? "" : `; ${blockedBy(wait.blockers)}`;
  const message =
    error.code === SQLSTATE.deadlockDetected
      ? `${migration} was a deadlock's victim in ${wait.tries} ${wait.tries === 1 ? "try" : "tries"}${by}`
      : lockTimeoutSentence({ migration, ...wait });
  return new Failure(error.code, EXIT.lockTimeout, message, {
    migration,
    location,
    hint: blockedHint(wait.blockers),
    blockers: wait.blockers,
    cause: error,
  });
}

/** The session isn't the one that holds the lock any more. */
export function lockLost(task: Task): Failure {
  return new Failure("LOCK_LOST", EXIT.unreachable, `${task.migration.name}: the session lost the migration lock`, {
    migration: task.migration.name,
    hint: "Nothing of it was kept. Is a pooler or proxy between the runner and the server? Give it the direct URL.",
  });
}

/** A file that says it is one transaction ended that itself; `kept`: by a COMMIT, which its history row was in. */
export function endedItself(task: Task, error: ServerError, kept: boolean): Failure {
  const { name, file } = task.migration;
  const what = kept ? "what it did until then is kept, and so is what the history says of it" : "nothing of it is kept";
  return new Failure("UNCERTAIN", EXIT.failedMigration, `${name} ended its transaction itself: ${what}`, {
    migration: name,
    location: { file },
    hint: kept
      ? `After that came: ${error.message}. Look what it did and lacks, put that right by hand, and split the file.`
      : "Leave ROLLBACK and its like out of the file.",
    cause: error,
  });
}

/** The relation of a row that was waited for: only the error's context names it. */
export const relationInContext = (error: ServerError): string | null =>
  /in relation "([^"]+)"/.exec(error.where ?? "")?.[1] ?? null;

export const isLockTrouble = (error: ServerError): boolean =>
  error.code === SQLSTATE.lockNotAvailable || error.code === SQLSTATE.deadlockDetected;

const NOT_IN_TRANSACTIONS = new Set<string>([
  SQLSTATE.activeTransaction,
  SQLSTATE.invalidTransactionTermination,
  SQLSTATE.unsafeNewEnumValue,
]);

/** The server won't run the file in one transaction: CONCURRENTLY, VACUUM, CALL with COMMIT, an enum's new value. */
export const refusesOneTransaction = (error: ServerError): boolean => NOT_IN_TRANSACTIONS.has(error.code);
