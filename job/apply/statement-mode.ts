import type { Step } from "../event.ts";
import { cleanSession } from "../postgres/session.ts";
import { isServerError, SQLSTATE } from "../postgres/sqlstate.ts";
import type { Bench } from "./bench.ts";
import { runAlone } from "./alone.ts";
import { cancelled, PlanOutdated } from "./interrupt.ts";
import { isLockTrouble, refusesOneTransaction } from "./sql-failure.ts";
import type { Task } from "./task.ts";
import { addWaits, countTries } from "./tries.ts";
import { failureOf, runTransaction, sendText, sendTransaction } from "./unit-message.ts";
import type { Unit } from "./unit.ts";
import { readReached, settle } from "./resume.ts";
import { locationOf } from "./statement-file.ts";
import type { StatementFile } from "./statement-file.ts";

/**
 * A file that one transaction can't hold, unit by unit:
 *
 * 1. What an earlier run reached is read; a unit that it started and didn't finish is proved by the catalog, or the run stops.
 * 2. A unit that can run in a transaction commits together with its progress.
 * 3. One that can't is announced first (`started`), then sent alone, in autocommit; the next unit records that it is done.
 * 4. The history row is written last, in the transaction that clears the progress.
 *
 * A lock time-out or a deadlock repeats the unit, not the file. Resolves to true when the file is done.
 */
export async function runStatements(bench: Bench, task: Task, step: Step, nonce: string): Promise<boolean> {
  if (task.mode.kind !== "statements") throw new TypeError(`${task.migration.name} isn't run by statements`);
  const { units } = task.mode;
  const content = await task.read(task.migration);
  const { session } = bench.line;
  const file: StatementFile = {
    bench,
    task,
    step,
    nonce,
    units,
    content,
    roles: [],
    lockTimeoutMs: task.mode.lockTimeoutMs,
  };
  await session.query(cleanSession(session.server.version));
  await bench.progress.ensure(session);
  const reached = await readReached(file);
  const resumeAt = await settle(file, reached, async (unit) => await runSetting(file, unit));
  const last = units.findLastIndex((unit) => unit.kind !== "setting");
  let recorded = false;
  for (const [n, unit] of units.entries()) {
    if (unit.kind === "setting") await runSetting(file, unit);
    else if (n >= resumeAt) recorded = (await runUnit(file, unit, n, n === last)) && n === last;
  }
  if (!recorded) await runTransaction(file, `${task.claim(task.migration)}\n${bench.progress.clear(task.migration)}`);
  return true;
}

/** SET and RESET hold for the session; they are repeated when a run goes on in the middle of the file. */
async function runSetting(file: StatementFile, unit: Unit): Promise<void> {
  const { error } = await sendText(
    file,
    [file.content.subarray(unit.from, unit.to)],
    file.bench.settings.lockTimeoutMs,
  );
  if (error !== null) throw await failureOf(file, unit, error);
  const text = file.content.toString("utf8", unit.from, unit.to);
  if (ROLE.test(text)) file.roles.push(text);
}

const ROLE = /^(?:re)?set\s+(?:session\s+)?(?:role|(?:session\s+)?authorization|session_authorization)\b/i;

/** Runs a unit until it is done. True when the history row was written with it. */
async function runUnit(file: StatementFile, unit: Unit, n: number, isLast: boolean): Promise<boolean> {
  const { bench, task } = file;
  const { signal, onEvent } = bench.line;
  const tries = countTries(task, bench.settings.lockRetries, onEvent);
  for (;;) {
    await tries.pause(signal);
    if (signal.aborted) throw cancelled(signal);
    const alone = unit.kind === "alone";
    const lockTimeoutMs = file.lockTimeoutMs ?? (alone ? 0 : bench.settings.lockTimeoutMs);
    const ended = alone
      ? await runAlone(file, unit, n, lockTimeoutMs)
      : await tryTransaction(file, unit, n, isLast, lockTimeoutMs);
    const { error } = ended;
    const waitedMs = addWaits(bench.ledger, ended.waits, error, lockTimeoutMs);
    if (error === null) return !alone && isLast;
    if (!isServerError(error)) throw error;
    if (!alone && !ended.started && error.code === SQLSTATE.uniqueViolation)
      throw new PlanOutdated(task.migration.name);
    if (!alone && refusesOneTransaction(error) && unit.single) unit.kind = "alone";
    else if (isLockTrouble(error)) tries.failed(error, ended.waits, waitedMs, locationOf(task, unit), file.step);
    else throw await failureOf(file, unit, error, ended);
  }
}

async function tryTransaction(file: StatementFile, unit: Unit, n: number, isLast: boolean, lockTimeoutMs: number) {
  const { bench, task } = file;
  const claim = isLast
    ? `${task.claim(task.migration)}\n${bench.progress.clear(task.migration)}`
    : bench.progress.mark(task.migration, n + 1, n + 1);
  return await sendTransaction(file, unit, claim, lockTimeoutMs);
}
