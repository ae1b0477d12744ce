import type { Step } from "../event.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { Failure } from "../failure.ts";
import type { Queryable } from "../postgres/queryable.ts";
import { cleanSession } from "../postgres/session.ts";
import { endsSession, isServerError, SQLSTATE } from "../postgres/sqlstate.ts";
import type { Waits } from "../postgres/waits.ts";
import { loadModule } from "../source/load-module.ts";
import type { ModuleStep } from "../source/load-module.ts";
import { sleep } from "../sleep.ts";
import { EPILOGUE, prologue } from "./block.ts";
import { cancelled, SessionLost } from "./interrupt.ts";
import { rollback, send, watch } from "./send.ts";
import type { Line } from "./send.ts";
import { readStream } from "./stream.ts";
import type { ApplySettings, Task } from "./task.ts";

/** How a module's transaction ended. `started` is false when it was our own prologue that failed. */
export type ModuleEnd = { error: Error | null; waits: Waits; started: boolean };

/**
 * Runs a module's `up` (or `down`) in a transaction that we open, with its history row, and commit. An error with a
 * SQLSTATE is the server's and returned, so that a lock time-out is tried again; anything else that it throws is final.
 */
export async function runModule(
  line: Line,
  task: Task,
  settings: ApplySettings,
  step: Step,
  nonce: string,
): Promise<ModuleEnd> {
  const loaded = await unlessAborted(line.signal, loadModule(task.migration));
  const run = task.direction === "up" ? loaded.up : loaded.down;
  if (run === undefined) throw moduleFailure(task, "exports no function down");
  const stream = readStream(
    nonce,
    [step.index],
    () => undefined,
    () => undefined,
  );
  const begin = Buffer.from(prologueOf(line, task, settings, step, nonce));
  const begun = await send(line, [begin], stream.progress, settings.lockTimeoutMs, () => step);
  const started = stream.blocks[0]?.started === true;
  if (begun.error !== null) return await rolledBack(line, { ...begun, started });
  const transaction = await transactionId(line);
  const finish = watch(line, settings.lockTimeoutMs, () => step);
  const thrown = await attempt(line, task, run);
  const error = thrown === null ? null : asServerError(task, line, thrown);
  const waits = await finish(error);
  if (line.session.lost() !== null) throw new SessionLost(line.session.lost());
  if (error !== null) {
    await rollback(line);
    await refuseCommitted(line, task, transaction);
    return { error, waits, started };
  }
  const commit = Buffer.from(checkedCommit(nonce, transaction));
  const ended = await send(line, [commit], stream.progress, settings.lockTimeoutMs, () => step);
  if (ended.error === null && stream.blocks[0]?.committed === true) return { error: null, waits, started };
  await rollback(line);
  await refuseCommitted(line, task, transaction);
  const { error: refusal } = ended;
  // A constraint that is checked at the end, a lock or a cancel: judged like any statement's error.
  if (refusal !== null && isServerError(refusal) && refusal.code !== SQLSTATE.transactionEnded && !isAborted(refusal)) {
    return { error: refusal, waits, started };
  }
  throw moduleFailure(task, lostTransaction(refusal));
}

/** The transaction had failed before: a query that the module didn't await. */
const isAborted = (error: { code: string }): boolean => error.code === "25P02";

/** A module can hang while it is loaded: what it waits for then isn't ours to end, but the run is. */
async function unlessAborted<Loaded>(signal: AbortSignal, loading: Promise<Loaded>): Promise<Loaded> {
  const done = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(cancelled(signal));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true, signal: done.signal });
  });
  try {
    return await Promise.race([loading, aborted]);
  } finally {
    done.abort();
    loading.catch(() => undefined);
    aborted.catch(() => undefined);
  }
}

const prologueOf = (line: Line, task: Task, settings: ApplySettings, step: Step, nonce: string): string =>
  prologue({
    nonce,
    index: step.index,
    pid: line.session.pid,
    lockTimeoutMs: settings.lockTimeoutMs,
    statementTimeoutMs: settings.statementTimeoutMs,
    reset: cleanSession(line.session.server.version),
    claim: task.claim(task.migration),
  });

async function rolledBack(line: Line, end: ModuleEnd): Promise<ModuleEnd> {
  await rollback(line);
  return end;
}

async function transactionId({ session }: Line): Promise<string> {
  const { rows } = await session.query<{ id: string }>("select pg_catalog.pg_current_xact_id()::text as id");
  return rows[0]?.id ?? "";
}

/** A module that ended our transaction committed our history row too early: it must not pass for a success. */
const checkedCommit = (nonce: string, transaction: string): string =>
  `DO $lk_${nonce}$ BEGIN IF pg_catalog.pg_current_xact_id_if_assigned()::text IS DISTINCT FROM '${transaction}' THEN` +
  ` RAISE EXCEPTION 'the transaction was ended' USING ERRCODE = '${SQLSTATE.transactionEnded}'; END IF; END $lk_${nonce}$;` +
  EPILOGUE;

/** A module that committed our transaction itself committed its history row too early: that can't be taken back, only told. */
async function refuseCommitted({ session }: Line, task: Task, transaction: string): Promise<void> {
  const { rows } = await session.query<{ committed: boolean }>(
    "select pg_catalog.pg_xact_status($1::pg_catalog.xid8) = 'committed' as committed",
    [transaction],
  );
  if (rows[0]?.committed !== true) return;
  const { name, file } = task.migration;
  const what = "what it did until then is kept, and so is what the history says of it";
  throw new Failure("MODULE", EXIT.failedMigration, `${name}: the module ended the transaction itself: ${what}`, {
    migration: name,
    location: { file },
    hint: "Look what it did and lacks, put that right by hand, and leave COMMIT out of modules.",
  });
}

function lostTransaction(error: Error | null): string {
  if (error !== null && isServerError(error) && error.code === SQLSTATE.transactionEnded)
    return "ended the transaction itself";
  return `left a failed transaction behind: ${error?.message ?? "a query that it didn't await had failed"}`;
}

/** How long a module that ignores its signal is waited for after a cancel, ms. */
const GRACE_MS = 2_500;

/** What the module threw, or null. */
async function attempt(line: Line, task: Task, run: ModuleStep): Promise<unknown> {
  const { signal } = line;
  const gaveUp = new AbortController();
  const abandoned = new Promise<unknown>((resolve) => {
    const onAbort = (): void => void sleep(GRACE_MS, gaveUp.signal).then(() => resolve(cancelled(signal)));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true, signal: gaveUp.signal });
  });
  const client = clientFor(line, task);
  try {
    return await Promise.race([settled(async () => await run({ client, signal })), abandoned]);
  } finally {
    client.close();
    gaveUp.abort();
  }
}

async function settled(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
    return null;
  } catch (error) {
    return error ?? new Error("something empty was thrown");
  }
}

const CONTROL = /^\s*(?:begin|start\s+transaction|commit|end|rollback(?!\s+to)|abort|prepare\s+transaction)\b/i;

/** The session's client, without the statements that would end the transaction that the history row is in. */
function clientFor({ session }: Line, task: Task): Queryable & { close(): void } {
  let open = true;
  return {
    /** What the module does from now on would be outside of its transaction. */
    close: () => void (open = false),
    query: async (text, values) => {
      if (!open) throw moduleFailure(task, "ran a query after its transaction: it didn't await it");
      if (CONTROL.test(text)) throw moduleFailure(task, `may not run ${JSON.stringify(text.trim().slice(0, 40))}`);
      return await session.query(text, values);
    },
  };
}

function asServerError(task: Task, { signal }: Line, thrown: unknown): Error {
  if (thrown instanceof Failure) return thrown;
  if (signal.aborted) return cancelled(signal);
  if (isServerError(thrown) && !endsSession(thrown)) return thrown;
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  // ORMs wrap the driver's error.
  if (isServerError(cause) && !endsSession(cause)) return cause;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return moduleFailure(task, `threw ${message}`, thrown);
}

function moduleFailure(task: Task, what: string, cause?: unknown): Failure {
  return new Failure("MODULE", EXIT.failedMigration, `${task.migration.name}: the module ${what}`, {
    migration: task.migration.name,
    location: { file: task.migration.file },
    hint: "Lockkeeper opens and commits the transaction: a module only runs statements through the client that it is given.",
    cause,
  });
}
