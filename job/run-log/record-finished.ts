import type { RunSettings } from "../settings.ts";
import type { Queryable } from "../postgres/queryable.ts";
import { DEFAULT_TABLE } from "./columns.ts";
import { fitOf } from "./fit.ts";
import { insertRun } from "./insert.ts";
import { lookAt } from "./look.ts";
import { TELEMETRY_OFF, withinTime, writeReason } from "./reason.ts";
import { cleanRow } from "./row.ts";
import type { RunRow } from "./run-log.ts";

/** A run that never had the lock, or was disabled, must end soon, log or no log. */
const MOST_MS = 2_000;

/**
 * Writes one finished row without holding the lock: LOCK_TIMEOUT after a wait for another runner, or SKIPPED because
 * migrating is disabled. Never creates or changes a table, never rejects, takes at most two seconds.
 */
export async function recordFinished(
  db: Queryable,
  settings: RunSettings["runLog"],
  row: RunRow,
  secrets: readonly string[] = [],
): Promise<{ available: boolean; reason: string }> {
  if (!settings.enabled) return { available: false, reason: TELEMETRY_OFF };
  const table = settings.table ?? DEFAULT_TABLE;
  const write = async (): Promise<string> => {
    const fit = fitOf(table, await lookAt(db, table), "write");
    if (fit.is === "outdated") return `${fit.lacks[0]} is added to the run log by the next run`;
    if (fit.is !== "fits") return fit.reason;
    return (await insertRun(db, table, cleanRow(row, secrets))) ? "" : `run ${row.id} is in the log already`;
  };
  const reason = await withinTime(write(), MOST_MS).catch((error: unknown) => writeReason(error, secrets));
  return { available: reason === "", reason };
}
