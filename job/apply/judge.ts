import type { Location } from "../failure.ts";
import { SQLSTATE } from "../postgres/sqlstate.ts";
import type { ServerError } from "../postgres/sqlstate.ts";
import { cancelled, PlanOutdated } from "./interrupt.ts";
import { unitsOf } from "./mode.ts";
import { fileOf } from "./place.ts";
import type { Line } from "./send.ts";
import { endedItself, isLockTrouble, lockLost, refusesOneTransaction, sqlFailure } from "./sql-failure.ts";
import type { Task } from "./task.ts";

/**
 * What an error means for a task that was rolled back: `try-again` for a lock; `other-mode` for one that the server won't
 * run in a transaction, whose mode is changed here. Throws when nothing that the run can do would cure it. `started` is
 * false for an error of our own prologue.
 */
export async function judge(
  { signal }: Line,
  task: Task,
  error: ServerError,
  started: boolean,
  location: Location,
): Promise<"try-again" | "other-mode"> {
  if (error.code === SQLSTATE.queryCanceled && signal.aborted) throw cancelled(signal);
  if (error.code === SQLSTATE.lockLost) throw lockLost(task);
  if (error.code === SQLSTATE.transactionEnded) throw endedItself(task, error, false);
  if (!started && error.code === SQLSTATE.uniqueViolation) throw new PlanOutdated(task.migration.name);
  if (isLockTrouble(error)) return "try-again";
  if (refusesOneTransaction(error) && task.mode.kind === "transaction" && !task.mode.strict) {
    const units = await unitsOf(fileOf(task), await task.read(task.migration));
    if (units !== null) {
      task.mode = { kind: "statements", units, lockTimeoutMs: task.mode.lockTimeoutMs };
      return "other-mode";
    }
  }
  throw sqlFailure(task, error, location);
}
