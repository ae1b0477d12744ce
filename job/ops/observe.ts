import type { Observed } from "../../contract/ops-observed.ts";
import { redact } from "../../contract/redact.ts";
import type { TableName } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";
import { fitOf } from "../run-log/fit.ts";
import { lookAt } from "../run-log/look.ts";
import { recentRuns } from "../run-log/recent.ts";
import { toldByRuns } from "./told-by-runs.ts";
import type { Told } from "./told-by-runs.ts";

export type Observation = { observed: readonly Observed[]; now: Date };

export type Reader = {
  table: TableName;
  /** What the folder says; null where the app gave none. */
  folder: ((db: Queryable) => Promise<Told>) | null;
  now: () => Date;
};

/**
 * The database's state by its run log, and by the app's folder where there is one. The server's clock decides how old a
 * heartbeat is: it was taken from that clock.
 */
export async function observeDatabase(
  db: Queryable,
  { table, folder, now }: Reader,
  window: { limit: number; lookbackMs: number },
): Promise<Observation> {
  const sight = await lookAt(db, table);
  const fit = fitOf(table, sight, "read");
  const readable = fit.is === "fits";
  const recent = readable ? await recentRuns(db, table, window) : { now: now(), runs: [] };
  const told = await (folder?.(db) ?? toldByRuns(recent.runs));
  const reason = readable ? "" : fit.is === "outdated" ? "the run log lacks a column" : fit.reason;
  return {
    now: recent.now,
    observed: [{ ...database(sight.database), ...told, runs: recent.runs, telemetry: { available: readable, reason } }],
  };
}

/** What can be said of a database that doesn't answer, or whose answer makes no sense. */
export function unreachable(name: string, error: unknown, secrets: readonly string[], now: Date): Observation {
  const reason = `the database can't be read: ${redact(messageOf(error), secrets)}`;
  return { now, observed: [{ ...database(name), reachable: false, telemetry: { available: false, reason } }] };
}

const database = (name: string): Observed => ({
  namespace: "",
  name,
  version: null,
  pending: [],
  pendingCount: 0,
  drift: [],
  driftCount: 0,
  applied: new Set(),
  telemetry: { available: true, reason: "" },
  reachable: true,
  observedAt: null,
  staleAfterMs: null,
  runs: [],
});

/** Node tries several addresses and then tells nothing but their errors. */
function messageOf(error: unknown): string {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return first instanceof Error ? first.message || first.name : String(first);
}
