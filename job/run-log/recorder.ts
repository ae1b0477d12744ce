import { lockHeldBy } from "../postgres/holder.ts";
import { showTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";
import type { RunSettings } from "../settings.ts";
import { DEFAULT_TABLE } from "./columns.ts";
import { ensureTable } from "./ensure.ts";
import { fitOf } from "./fit.ts";
import type { Fit } from "./fit.ts";
import { insertRun } from "./insert.ts";
import { lookAt } from "./look.ts";
import { pruneRuns } from "./prune.ts";
import { TELEMETRY_OFF, withinTime, writeReason } from "./reason.ts";
import { repairOrphans } from "./repair-orphans.ts";
import { cleanRow } from "./row.ts";
import type { RunRow } from "./run-log.ts";
import { updateRun } from "./update.ts";

/**
 * One run's row, from its start to its end. Nothing here rejects: a log that can't be written never fails a migration.
 * It becomes `telemetry()`, and one warning; every later call tries again with all that is known by then.
 */
export type Recorder = {
  /**
   * Looks for the table by the second connection. Creates our own or its missing columns by `db`, under the lock, once
   * `free` has settled.
   */
  prepare(db: Queryable, free?: Promise<unknown>): Promise<void>;
  /**
   * Writes the RUNNING row, and finishes what dead runners left; their ids. Under the lock, which the backend `holder`
   * has: what the server gets to after that one's end must not touch a next run's row, nor leave ours behind.
   */
  start(row: RunRow, holder?: number): Promise<string[]>;
  /** What has changed since, and a heartbeat. Calls queue up; none is lost. */
  update(changes: Partial<Omit<RunRow, "id" | "status" | "finishedAt">>): Promise<void>;
  /** The run's last word. */
  finish(row: RunRow): Promise<void>;
  /** Deletes old rows, after a last word that could be written. */
  prune(): Promise<void>;
  /** True between the start and the run's last word. */
  isOpen(): boolean;
  /** Whether the log has all that was told so far, and why not. */
  telemetry(): { available: boolean; reason: string };
};

export type RecorderOptions = {
  /** The second connection, or null while there is none. In autocommit, with short time-outs of its own. */
  db: () => Queryable | null;
  settings: RunSettings["runLog"];
  /** Called at most once. */
  onWarning: (reason: string) => void;
  /** What must not get into a row: contract/redact.ts, secretsOf. */
  secrets?: readonly string[];
  /** How long one call may take before the migration goes on without it, ms. */
  patienceMs?: number;
};

export function openRecorder({ db, settings, onWarning, secrets = [], patienceMs = 3_000 }: RecorderOptions): Recorder {
  const table = settings.table ?? DEFAULT_TABLE;
  let reason = settings.enabled ? "no run was logged yet" : TELEMETRY_OFF;
  let warned = false;
  let current: RunRow | null = null;
  /** Null: not looked at yet, or something failed and it must be looked at again. */
  let fit: Fit | null = null;
  let written = false;
  let open = false;
  let underLock = "true";
  let repaired: string[] | null = null;
  let queue = Promise.resolve();

  /** True once the table can be written to. A foreign one that is absent may come with one of the migrations. */
  const getReady = async (on: Queryable): Promise<boolean> => {
    if (fit?.is === "fits") return true;
    const found = await ensureTable(on, table);
    fit = found;
    if (found.is !== "fits") reason = found.is === "outdated" ? `${showTable(table)} lacks a column` : found.reason;
    return found.is === "fits";
  };

  const prepare = async (by: Queryable, free?: Promise<unknown>): Promise<void> => {
    const seen = await lookAt(db() ?? by, table).catch(() => null);
    if (seen !== null) fit = fitOf(table, seen, "write");
    if (fit?.is === "fits") return;
    await free?.catch(() => undefined);
    await getReady(by);
  };

  const put = async (on: Queryable): Promise<void> => {
    if (current === null || !(await getReady(on))) return;
    const row = cleanRow(current, secrets);
    const insert: typeof updateRun = async (...args) => await insertRun(...args, underLock);
    const [first, second] = written ? [updateRun, insert] : [insert, updateRun];
    // The row may be gone, or an attempt that timed out may have written it after all.
    if (!(await first(on, table, row)) && !(await second(on, table, row))) {
      throw new Error(`run ${row.id} is in ${showTable(table)} already, finished`);
    }
    written = true;
    repaired ??= await repairOrphans(on, table, row.id, underLock);
    reason = "";
  };

  /** One call after the other, so that an older state never comes after a newer one. */
  const inTurn = (work: (on: Queryable) => Promise<unknown>, on: () => Queryable | null = db): Promise<void> => {
    const before = queue;
    const turn = async (): Promise<void> => {
      await before;
      try {
        const connection = on();
        if (connection === null) throw new Error("there is no connection for it");
        await withinTime(work(connection), patienceMs);
      } catch (error) {
        reason = writeReason(error, secrets);
        // The table may have been dropped or changed.
        fit = null;
      }
    };
    if (settings.enabled) queue = turn();
    return queue;
  };

  const warn = (): void => {
    if (warned || reason === "" || !settings.enabled) return;
    warned = true;
    onWarning(reason);
  };

  return {
    prepare: async (by, free) =>
      await inTurn(
        async () => await prepare(by, free),
        () => by,
      ),
    async start(row, holder) {
      if (holder !== undefined) underLock = lockHeldBy(holder);
      current = row;
      open = true;
      await inTurn(put);
      if (!isAwaited(fit)) warn();
      return repaired ?? [];
    },
    async update(changes) {
      if (current === null) return;
      current = { ...current, ...changes };
      await inTurn(put);
      if (!isAwaited(fit)) warn();
    },
    async finish(row) {
      current = row;
      open = false;
      await inTurn(put);
      warn();
    },
    async prune() {
      // By itself: a right to delete that is missing doesn't make the log incomplete.
      const on = db();
      if (reason !== "" || on === null || fit?.is !== "fits" || !fit.mayPrune) return;
      await withinTime(pruneRuns(on, table, settings.retentionMs), patienceMs).catch(() => undefined);
    },
    isOpen: () => open,
    telemetry: () => ({ available: reason === "", reason }),
  };
}

/** A table that isn't there yet is nothing to warn about before the run's end: one of the migrations may create it. */
const isAwaited = (fit: Fit | null): boolean => fit?.is === "absent";
