import { EXIT } from "../../contract/exit-code.ts";
import type { Step } from "../event.ts";
import { Failure } from "../failure.ts";
import type { Location } from "../failure.ts";
import { quoteLiteral, quoteTable } from "../postgres/name.ts";
import { sessionSettings } from "../postgres/session.ts";
import { isServerError, SQLSTATE } from "../postgres/sqlstate.ts";
import type { ServerError } from "../postgres/sqlstate.ts";
import type { Bench } from "./applier.ts";
import { EPILOGUE, prologue } from "./block.ts";
import { dropInvalid, indexState, isGone } from "./concurrent-index.ts";
import { cancelled, PlanOutdated, SessionLost } from "./interrupt.ts";
import type { Reached } from "./progress.ts";
import { lineOfByte, lineOfCodePoint } from "./position.ts";
import { rollback, send } from "./send.ts";
import { isLockTrouble, lockLost, refusesOneTransaction, sqlFailure } from "./sql-failure.ts";
import { readStream } from "./stream.ts";
import type { Task } from "./task.ts";
import { addWaits, countTries } from "./tries.ts";
import type { Unit } from "./unit.ts";
import { fileOf } from "./place.ts";

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
  const file: File = { bench, task, step, nonce, units, content, lockTimeoutMs: task.mode.lockTimeoutMs };
  await bench.progress.ensure(session);
  const reached = await readReached(file);
  await session.query(`RESET ROLE; RESET ALL; ${sessionSettings(session.server.version)}`);
  const resumeAt = await settle(file, reached);
  const last = units.findLastIndex((unit) => unit.kind !== "setting");
  let recorded = false;
  for (const [n, unit] of units.entries()) {
    if (unit.kind === "setting") await runSetting(file, unit);
    else if (n >= resumeAt) recorded = (await runUnit(file, unit, n, n === last)) && n === last;
  }
  if (!recorded) await runTransaction(file, `${task.claim}\n${bench.progress.clear(task.migration)}`);
  return true;
}

type File = {
  bench: Bench;
  task: Task;
  step: Step;
  nonce: string;
  units: Unit[];
  content: Buffer;
  /** The directive's, or null. */
  lockTimeoutMs: number | null;
};

async function readReached({ bench, task }: File): Promise<Reached | null> {
  const reached = await bench.progress.read(bench.line.session, task.migration);
  if (reached === null || reached.checksum === task.migration.checksum) return reached;
  const table = quoteTable(bench.progress.table);
  throw new Failure(
    "UNCERTAIN",
    EXIT.failedMigration,
    `${task.migration.name}: an earlier content of this file was run up to its step ${reached.finished}, and the file changed since`,
    {
      migration: task.migration.name,
      location: { file: fileOf(task) },
      hint: `Bring the file back, or undo by hand what it did and then: delete from ${table} where name = ${quoteLiteral(task.migration.name)}`,
    },
  );
}

/** The unit to go on with: the one after what is done, once the unfinished one is proved done or undone. */
async function settle(file: File, reached: Reached | null): Promise<number> {
  if (reached === null) return 0;
  if (reached.started === reached.finished) return reached.finished;
  const n = reached.started - 1;
  const unit = file.units[n];
  if (unit === undefined) return reached.finished;
  // What the unit's names mean can hang on the search_path that the file sets.
  for (const earlier of file.units.slice(0, n)) if (earlier.kind === "setting") await runSetting(file, earlier);
  return (await isProved(file, unit)) ? reached.started : n;
}

async function isProved(file: File, unit: Unit): Promise<boolean> {
  const { session } = file.bench.line;
  const { proof } = unit;
  switch (proof.by) {
    case "index":
      return (await indexState(session, proof)) === "valid";
    case "dropped-index":
      return await isGone(session, proof);
    case "repetition":
      return false;
    case "nothing":
      throw uncertain(file, unit);
    default:
      return proof satisfies never;
  }
}

function uncertain({ bench, task, units }: File, unit: Unit): Failure {
  const table = quoteTable(bench.progress.table);
  const where = `where name = ${quoteLiteral(task.migration.name)}`;
  const n = units.indexOf(unit) + 1;
  return new Failure(
    "UNCERTAIN",
    EXIT.failedMigration,
    `${task.migration.name}: statement ${unit.statement} may have run: a run died while it was under way, and the catalog doesn't tell`,
    {
      migration: task.migration.name,
      location: locationOf(task, unit),
      hint: `Look whether it took effect. If so: update ${table} set finished = ${n} ${where}. If not: update ${table} set started = ${n - 1}, finished = ${n - 1} ${where}. Then run again.`,
    },
  );
}

const locationOf = (task: Task, unit: Unit): Location => ({
  file: fileOf(task),
  line: unit.line,
  statement: unit.statement,
});

/** SET and RESET hold for the session; they are repeated when a run goes on in the middle of the file. */
async function runSetting(file: File, unit: Unit): Promise<void> {
  const { error } = await sendText(
    file,
    [file.content.subarray(unit.from, unit.to)],
    file.bench.settings.lockTimeoutMs,
  );
  if (error !== null) throw failureOf(file, unit, error);
}

/** Runs a unit until it is done. True when the history row was written with it. */
async function runUnit(file: File, unit: Unit, n: number, isLast: boolean): Promise<boolean> {
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
    if (ended.error === null) return !alone && isLast;
    const { error } = ended;
    const waitedMs = addWaits(bench.ledger, ended.waits, error, lockTimeoutMs);
    if (!isServerError(error)) throw error;
    if (!ended.started && error.code === SQLSTATE.uniqueViolation) throw new PlanOutdated(task.migration.name);
    if (!alone && refusesOneTransaction(error) && unit.single) unit.kind = "alone";
    else if (isLockTrouble(error)) tries.failed(error, ended.waits, waitedMs, locationOf(task, unit), file.step);
    else throw failureOf(file, unit, error);
  }
}

async function tryTransaction(file: File, unit: Unit, n: number, isLast: boolean, lockTimeoutMs: number) {
  const { bench, task } = file;
  const claim = isLast
    ? `${task.claim}\n${bench.progress.clear(task.migration)}`
    : bench.progress.mark(task.migration, n + 1, n + 1);
  return await sendTransaction(file, unit, claim, lockTimeoutMs);
}

/** A transaction of ours alone: an announcement, or the history row. */
async function runTransaction(file: File, claim: string): Promise<void> {
  const { error } = await sendTransaction(file, null, claim, file.bench.settings.lockTimeoutMs);
  if (error !== null) throw failureOf(file, null, error);
}

async function sendTransaction(file: File, unit: Unit | null, claim: string, lockTimeoutMs: number) {
  const { bench, nonce } = file;
  const text = prologue({
    nonce,
    index: file.step.index,
    pid: bench.line.session.pid,
    lockTimeoutMs,
    statementTimeoutMs: bench.settings.statementTimeoutMs,
    reset: null,
    claim,
  });
  const body = unit === null ? Buffer.alloc(0) : file.content.subarray(unit.from, unit.to);
  return await sendText(file, [Buffer.from(text), body, Buffer.from(EPILOGUE)], lockTimeoutMs);
}

async function runAlone(file: File, unit: Unit, n: number, lockTimeoutMs: number) {
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
  if (ended.error !== null && !bench.line.signal.aborted) await dropInvalid(session, proof);
  return ended;
}

const repaired = (task: Task, index: string) =>
  ({
    type: "warning",
    code: "INVALID_INDEX_DROPPED",
    message: `${task.migration.name}: the invalid index ${JSON.stringify(index)}, left by an earlier failure, was dropped`,
  }) as const;

async function sendText(file: File, parts: Uint8Array[], lockTimeoutMs: number) {
  const { line } = file.bench;
  const stream = readStream(file.nonce, [file.step.index], ignore, ignore);
  const sent = await send(line, parts, stream.progress, lockTimeoutMs, () => file.step);
  if (sent.error !== null) await rollback(line);
  return { ...sent, started: stream.blocks[0]?.started === true };
}

function ignore(): void {
  // A unit's end is seen by its message's end.
}

function failureOf(file: File, unit: Unit | null, error: Error): Error {
  const { bench, task } = file;
  const { signal, session } = bench.line;
  if (session.lost() !== null) return new SessionLost(error);
  if (!isServerError(error)) return error;
  if (error.code === SQLSTATE.queryCanceled && signal.aborted) return cancelled(signal);
  if (error.code === SQLSTATE.lockLost) return lockLost(task);
  if (unit === null && error.code === SQLSTATE.uniqueViolation) return new PlanOutdated(task.migration.name);
  return sqlFailure(task, error, place(file, unit, error));
}

function place(file: File, unit: Unit | null, error: ServerError): Location {
  if (unit === null) return { file: fileOf(file.task) };
  const location = locationOf(file.task, unit);
  const position = Number(error.position ?? Number.NaN);
  if (unit.kind !== "transaction" && !Number.isNaN(position)) {
    const body = file.content.subarray(unit.from, unit.to);
    location.line = lineOfByte(file.content, unit.from) - 1 + lineOfCodePoint(body, position - 1);
  }
  return location;
}
