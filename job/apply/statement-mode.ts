import type { Step } from "../event.ts";
import type { Location } from "../failure.ts";
import { quoteLiteral } from "../postgres/name.ts";
import { cleanSession } from "../postgres/session.ts";
import { isServerError, SQLSTATE } from "../postgres/sqlstate.ts";
import type { ServerError } from "../postgres/sqlstate.ts";
import type { Bench } from "./bench.ts";
import { EPILOGUE, prologue } from "./block.ts";
import { dropInvalid } from "./concurrent-index.ts";
import { cancelled, PlanOutdated, SessionLost } from "./interrupt.ts";
import { codePoints, lineOfByte, lineOfCodePoint } from "./position.ts";
import { rollback, send } from "./send.ts";
import { isLockTrouble, lockLost, refusesOneTransaction, sqlFailure } from "./sql-failure.ts";
import { readStream } from "./stream.ts";
import type { Task } from "./task.ts";
import { addWaits, countTries } from "./tries.ts";
import type { Unit } from "./unit.ts";
import { completeLocation, fileOf } from "./place.ts";
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
  const content = await task.read();
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
  if (!recorded) await runTransaction(file, `${task.claim()}\n${bench.progress.clear(task.migration)}`);
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

/** A claim that the session's own role writes: the one that the file took may lack the right to. */
function asOurselves(claim: string, roles: string[]): string {
  if (roles.length === 0) return claim;
  const again = roles.map((text) => `EXECUTE ${quoteLiteral(text)};`).join("\n");
  return `RESET SESSION AUTHORIZATION; RESET ROLE;\n${claim}\n${again}`;
}

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
    ? `${task.claim()}\n${bench.progress.clear(task.migration)}`
    : bench.progress.mark(task.migration, n + 1, n + 1);
  return await sendTransaction(file, unit, claim, lockTimeoutMs);
}

/** A transaction of ours alone: an announcement, or the history row. */
async function runTransaction(file: StatementFile, claim: string): Promise<void> {
  const { error } = await sendTransaction(file, null, claim, file.bench.settings.lockTimeoutMs);
  if (error !== null) throw await failureOf(file, null, error);
}

async function sendTransaction(file: StatementFile, unit: Unit | null, claim: string, lockTimeoutMs: number) {
  const { bench, nonce } = file;
  const text = prologue({
    nonce,
    index: file.step.index,
    pid: bench.line.session.pid,
    lockTimeoutMs,
    statementTimeoutMs: bench.settings.statementTimeoutMs,
    reset: null,
    claim: asOurselves(claim, file.roles),
  });
  const body = unit === null ? Buffer.alloc(0) : file.content.subarray(unit.from, unit.to);
  const sent = await sendText(file, [Buffer.from(text), body, Buffer.from(EPILOGUE)], lockTimeoutMs);
  return { ...sent, before: codePoints(Buffer.from(text)) };
}

async function runAlone(file: StatementFile, unit: Unit, n: number, lockTimeoutMs: number) {
  const { bench, task } = file;
  const { session, onEvent } = bench.line;
  const { proof } = unit;
  await runTransaction(file, bench.progress.mark(task.migration, n + 1, n));
  await session.query(`SET lock_timeout=${lockTimeoutMs}; SET statement_timeout=${bench.settings.statementTimeoutMs}`);
  if (proof.by === "index" && (await dropInvalid(session, proof))) onEvent(repaired(task, proof.name));
  const sql = [file.content.subarray(unit.from, unit.to)];
  let ended = await sendText(file, sql, lockTimeoutMs);
  if (proof.by !== "index") return ended;
  // IF NOT EXISTS over an invalid leftover "succeeds": the catalog is asked after a success too.
  if (ended.error === null && (await dropInvalid(session, proof))) {
    onEvent(repaired(task, proof.name));
    ended = await sendText(file, sql, lockTimeoutMs);
  }
  if (ended.error === null) return ended;
  if (!bench.line.signal.aborted) await dropInvalid(session, proof);
  // What can't be dropped now is dropped by the next run.
  else await dropInvalid(session, proof, "at-once").catch(() => false);
  return ended;
}

const repaired = (task: Task, index: string) =>
  ({
    type: "warning",
    code: "INVALID_INDEX_DROPPED",
    message: `${task.migration.name}: the invalid index ${JSON.stringify(index)}, left by an earlier failure, was dropped`,
  }) as const;

async function sendText(file: StatementFile, parts: Uint8Array[], lockTimeoutMs: number) {
  const { line } = file.bench;
  const stream = readStream(file.nonce, [file.step.index], ignore, ignore);
  const sent = await send(line, parts, stream.progress, lockTimeoutMs, () => file.step);
  if (sent.error !== null) await rollback(line);
  const [block] = stream.blocks;
  return { ...sent, started: block?.started === true, done: Math.max(0, block?.statements ?? 0), before: 0 };
}

function ignore(): void {
  // A unit's end is seen by its message's end.
}

/** How a message with a unit in it ended: code points before the unit, and its statements that were done. */
type Ended = { before: number; done: number };

async function failureOf(
  file: StatementFile,
  unit: Unit | null,
  error: Error,
  ended: Ended = { before: 0, done: 0 },
): Promise<Error> {
  const { bench, task } = file;
  const { signal, session } = bench.line;
  if (session.lost() !== null) return new SessionLost(error);
  if (!isServerError(error)) return error;
  if (error.code === SQLSTATE.queryCanceled && signal.aborted) return cancelled(signal);
  if (error.code === SQLSTATE.lockLost) return lockLost(task);
  if (unit === null && error.code === SQLSTATE.uniqueViolation) return new PlanOutdated(task.migration.name);
  return sqlFailure(task, error, await place(file, unit, error, ended));
}

async function place(
  file: StatementFile,
  unit: Unit | null,
  error: ServerError,
  { before, done }: Ended,
): Promise<Location> {
  if (unit === null) return { file: fileOf(file.task) };
  const location = locationOf(file.task, unit);
  if (!unit.single) location.statement = unit.statement + done;
  const at = Number(error.position ?? Number.NaN) - 1 - before;
  if (at >= 0) {
    const body = file.content.subarray(unit.from, unit.to);
    location.line = lineOfByte(file.content, unit.from) - 1 + lineOfCodePoint(body, at);
  } else if (!unit.single) {
    delete location.line;
    await completeLocation(location, file.content);
  }
  return location;
}
