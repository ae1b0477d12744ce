import { EXIT } from "../../contract/exit-code.ts";
import { Failure } from "../failure.ts";
import { endsSession, isServerError } from "../postgres/sqlstate.ts";
import type { Waits } from "../postgres/waits.ts";
import { dropInvalid, indexState } from "./concurrent-index.ts";
import type { IndexName } from "./concurrent-index.ts";
import { abortable } from "./send.ts";
import { locationOf } from "./statement-file.ts";
import type { StatementFile } from "./statement-file.ts";
import type { Task } from "./task.ts";
import { runTransaction, sendText } from "./unit-message.ts";
import type { Unit } from "./unit.ts";

/** Runs a unit that no transaction can hold: announced first, then sent alone. Once; the caller judges its error. */
export async function runAlone(file: StatementFile, unit: Unit, n: number, lockTimeoutMs: number) {
  const { bench, task } = file;
  const { session } = bench.line;
  const { proof } = unit;
  await runTransaction(file, bench.progress.mark(task.migration, n + 1, n));
  await session.query(`SET lock_timeout=${lockTimeoutMs}; SET statement_timeout=${bench.settings.statementTimeoutMs}`);
  const sql = [file.content.subarray(unit.from, unit.to)];
  if (proof.by === "index") return await buildIndex(file, unit, proof, sql, lockTimeoutMs);
  const ended = await sendText(file, sql, lockTimeoutMs);
  // It failed as a whole: the next run may begin it anew, and needn't ask a person.
  const undone = ended.error !== null && proof.by === "nothing" && !proof.partial;
  if (undone) await runTransaction(file, bench.progress.mark(task.migration, n, n));
  return ended;
}

async function buildIndex(file: StatementFile, unit: Unit, index: IndexName, sql: Uint8Array[], lockTimeoutMs: number) {
  const { line } = file.bench;
  try {
    await dropLeftover(file, index, lockTimeoutMs, lockTimeoutMs);
    const ended = await sendText(file, sql, lockTimeoutMs);
    if (ended.error === null) {
      // IF NOT EXISTS over an invalid leftover "succeeds": the catalog is asked after a success too.
      const again = await dropLeftover(file, index, lockTimeoutMs, lockTimeoutMs);
      const last = again ? await sendText(file, sql, lockTimeoutMs) : ended;
      if (last.error === null) {
        const state = await indexState(line.session, index);
        if (state !== "valid") throw notBuilt(file, unit, index, state);
      }
      return last;
    }
    // What can't be dropped now is dropped by the next run; the failure itself is what has to be told.
    if (line.signal.aborted) await dropInvalid(line.session, index, "at-once").catch(() => false);
    else await dropLeftover(file, index, LEFTOVER_MS, lockTimeoutMs).catch(() => false);
    return ended;
  } catch (error) {
    // A leftover that is in use: tried again like the index itself.
    if (!isServerError(error) || endsSession(error)) throw error;
    return { error, waits: NO_WAITS, started: true, done: 0, before: 0 };
  }
}

const NO_WAITS: Waits = { totalMs: 0, lastMs: 0, relation: null, blockers: [] };

/** How long the drop of a failed index waits for those who may have been in the index's way too, ms. */
const LEFTOVER_MS = 5_000;

/** True when there was an invalid index of that name. Its drop waits `waitMs` for each lock; 0: without limit. */
async function dropLeftover(file: StatementFile, index: IndexName, waitMs: number, lockTimeoutMs: number) {
  const { line } = file.bench;
  if (waitMs !== lockTimeoutMs) await line.session.query(`SET lock_timeout=${waitMs}`);
  try {
    if (!(await dropInvalid(abortable(line), index))) return false;
    line.onEvent(repaired(file.task, index.name));
    return true;
  } finally {
    if (waitMs !== lockTimeoutMs && line.session.lost() === null) {
      await line.session.query(`SET lock_timeout=${lockTimeoutMs}`);
    }
  }
}

function notBuilt({ task }: StatementFile, unit: Unit, index: IndexName, state: string): Failure {
  const what =
    state === "building" ? "another session is still building it" : "an index of that name is on another table";
  return new Failure(
    "UNCERTAIN",
    EXIT.failedMigration,
    `${task.migration.name}: the index ${index.name} isn't there: ${what}`,
    {
      migration: task.migration.name,
      location: locationOf(task, unit),
      hint: "IF NOT EXISTS asks for the name only. Wait for that session, or choose another name, then run again.",
    },
  );
}

const repaired = (task: Task, index: string) =>
  ({
    type: "warning",
    code: "INVALID_INDEX_DROPPED",
    message: `${task.migration.name}: the invalid index ${JSON.stringify(index)}, left by an earlier failure, was dropped`,
  }) as const;
