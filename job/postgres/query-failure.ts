import { EXIT } from "../../contract/exit-code.ts";
import { Failure } from "../failure.ts";
import { SQLSTATE } from "./sqlstate.ts";
import type { ServerError } from "./sqlstate.ts";

/**
 * The failure that a server's error on a query of our own stands for: on the history, the progress, the catalog. A lock
 * there may be waited for, a right may be granted; the rest is the server's to explain.
 */
export function queryFailure(error: ServerError): Failure {
  const details = { cause: error, ...(error.detail === undefined ? {} : { detail: error.detail }) };
  switch (error.code) {
    case SQLSTATE.lockNotAvailable:
    case SQLSTATE.deadlockDetected:
      return new Failure(
        error.code,
        EXIT.lockTimeout,
        `Lockkeeper's own tables are locked by somebody: ${error.message}`,
        {
          ...details,
          hint: "Look who holds a lock on the history of migrations (docs/runbooks/lock-timeout.md), then run again.",
        },
      );
    case SQLSTATE.insufficientPrivilege:
      return new Failure("PERMISSION", EXIT.invalidInput, `the role lacks a right: ${error.message}`, {
        ...details,
        hint: "Grant it, or let the history be in a schema in which the role may create tables (--history-table).",
      });
    default:
      return new Failure(error.code, EXIT.failedMigration, `a query of Lockkeeper's own failed: ${error.message}`, {
        ...details,
        hint:
          error.hint ??
          "The server's log has more. What is applied stays applied: run it again once that is put right.",
      });
  }
}
