import { openHistory } from "../history/open.ts";
import type { HistoryOptions } from "../history/open.ts";
import { makePlan } from "../plan.ts";
import type { Queryable } from "../postgres/queryable.ts";
import type { Source } from "../source/migration.ts";
import { readSource } from "../source/source.ts";
import type { Told } from "./told-by-runs.ts";

/**
 * What the database's history says about the app's own folder: exactly what is pending and what drifted. The folder is
 * part of a running release and doesn't change, so it is read once (again only if that failed).
 */
export function folderReader(dir: string, history: HistoryOptions): (db: Queryable) => Promise<Told> {
  let reading: Promise<Source> | null = null;
  return async (db) => {
    reading ??= readSource({ dir, format: "auto" });
    const source = await reading.catch((error: unknown) => {
      reading = null;
      throw error;
    });
    const opened = openHistory(history, source);
    const plan = makePlan(source, opened.match(source, await opened.read(db)), {
      to: null,
      allowDrift: true,
      allowOutOfOrder: true,
    });
    const drift = [...plan.drifted.map(({ migration }) => migration.name), ...plan.missing.map(({ name }) => name)];
    return {
      version: plan.version,
      pending: plan.pending.map(({ name }) => name),
      pendingCount: plan.pending.length,
      drift,
      driftCount: drift.length,
      applied: new Set(plan.applied.map(({ name }) => name)),
    };
  };
}
