import { PlanOutdated, cancelled, SessionLost } from "./interrupt.ts";
import type { Location } from "../failure.ts";
import { quoteLiteral } from "../postgres/name.ts";
import { isServerError, SQLSTATE } from "../postgres/sqlstate.ts";
import type { ServerError } from "../postgres/sqlstate.ts";
import { EPILOGUE, prologue } from "./block.ts";
import { completeLocation, fileOf } from "./place.ts";
import { codePoints, lineOfByte, lineOfCodePoint } from "./position.ts";
import { rollback, send } from "./send.ts";
import { lockLost, sqlFailure } from "./sql-failure.ts";
import { locationOf } from "./statement-file.ts";
import type { StatementFile } from "./statement-file.ts";
import { readStream } from "./stream.ts";
import type { Unit } from "./unit.ts";

/** A claim that the session's own role writes: the one that the file took may lack the right to. */
function asOurselves(claim: string, roles: string[]): string {
  if (roles.length === 0) return claim;
  const again = roles.map((text) => `EXECUTE ${quoteLiteral(text)};`).join("\n");
  return `RESET SESSION AUTHORIZATION; RESET ROLE;\n${claim}\n${again}`;
}

/** A transaction of ours alone: an announcement, or the history row. */
export async function runTransaction(file: StatementFile, claim: string): Promise<void> {
  const { error } = await sendTransaction(file, null, claim, file.bench.settings.lockTimeoutMs);
  if (error !== null) throw await failureOf(file, null, error);
}

/** A unit in a transaction of ours, behind the claim; without a unit the claim alone. */
export async function sendTransaction(file: StatementFile, unit: Unit | null, claim: string, lockTimeoutMs: number) {
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

/** One message of the file, as it is. */
export async function sendText(file: StatementFile, parts: Uint8Array[], lockTimeoutMs: number) {
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

/** What an error of the file, or of our own transactions for it, means. */
export async function failureOf(
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
