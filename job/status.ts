import { checkPlan, makePlan } from "./plan.ts";
import type { Plan } from "./plan.ts";
import type { DatabaseIdentity } from "../contract/report.ts";
import type { Run } from "../contract/run.ts";
import type { RunContext } from "./context.ts";
import type { Failure } from "./failure.ts";
import type { History, HistoryFormat } from "./history/history.ts";
import { openHistory } from "./history/open.ts";
import { look } from "./look.ts";
import { findHolder } from "./postgres/holder.ts";
import type { Holder } from "./postgres/holder.ts";
import { showTable } from "./postgres/name.ts";
import type { Session } from "./postgres/session.ts";
import { endsSession } from "./postgres/sqlstate.ts";
import { DEFAULT_TABLE } from "./run-log/columns.ts";
import { fitOf } from "./run-log/fit.ts";
import { lookAt } from "./run-log/look.ts";
import { TELEMETRY_OFF } from "./run-log/reason.ts";
import { recentRuns } from "./run-log/recent.ts";
import type { RunSettings } from "./settings.ts";
import type { Source } from "./source/migration.ts";
import { readSource } from "./source/source.ts";

export type Status = {
  database: DatabaseIdentity;
  source: { dir: string; format: string; available: number; digest: string };
  history: { format: HistoryFormat; table: string };
  /** The newest applied migration; null for an empty history. */
  version: string | null;
  /** Names; of `applied` in the source's order. */
  applied: string[];
  pending: string[];
  /** Applied, and changed since. */
  drifted: string[];
  /** Applied, and not in the source although it goes on past them. */
  missing: string[];
  /** Applied by a newer release than this source. */
  ahead: string[];
  /** Pending, and before an applied one. */
  outOfOrder: string[];
  lock: { held: boolean; holder: Omit<Holder, "query"> | null };
  /** Newest first. */
  runs: Run[];
  telemetry: { available: boolean; reason: string };
  warnings: string[];
  /** Drift, as `migrate` would refuse it; null when there is none. */
  failure: Failure | null;
};

/** What is known of a source and of the database's history, by one connection that takes no lock. */
export type Seen = { source: Source; history: History; plan: Plan };

/**
 * Reads folder and database and compares them. Changes nothing and takes no lock. Drift is told, in `failure`; it rejects
 * with a Failure for whatever keeps it from looking.
 */
export async function readStatus(settings: RunSettings, context: RunContext): Promise<Status> {
  const { dir, format } = settings.source;
  const source = await readSource({ dir, format, signal: context.signal });
  const history = openHistory(settings.history, source);
  return await look(settings.connection, context, async (session) => {
    const plan = await planOf(session, { source, history }, null);
    const { systemIdentifier, database: name, databaseOid: oid } = session.server;
    return {
      database: { systemIdentifier, name, oid },
      source: { dir, format: source.format, available: source.migrations.length, digest: source.digest },
      history: { format: history.format, table: showTable(history.table) },
      version: plan.version,
      applied: plan.applied.map(nameOf),
      pending: plan.pending.map(nameOf),
      drifted: plan.drifted.map(({ migration }) => migration.name),
      missing: plan.missing.map(nameOf),
      ahead: plan.ahead.map(nameOf),
      outOfOrder: plan.outOfOrder.map(nameOf),
      lock: lockOf(await findHolder(session)),
      ...(await lastRuns(session, settings)),
      warnings: source.warnings,
      failure: checkPlan(plan, { to: null, allowDrift: false, allowOutOfOrder: true }),
    };
  });
}

/** The plan as things stand, without the lock. */
export async function planOf(
  session: Session,
  { source, history }: Omit<Seen, "plan">,
  to: string | null,
): Promise<Plan> {
  const matched = history.match(source, await history.read(session));
  return makePlan(source, matched, { to, allowDrift: false, allowOutOfOrder: false });
}

/** What `status` shows of the run log. One that can't be read is told, and is no failure. */
async function lastRuns(session: Session, { runLog }: RunSettings): Promise<Pick<Status, "runs" | "telemetry">> {
  const unavailable = (reason: string): Pick<Status, "runs" | "telemetry"> => ({
    runs: [],
    telemetry: { available: false, reason },
  });
  if (!runLog.enabled) return unavailable(TELEMETRY_OFF);
  const table = runLog.table ?? DEFAULT_TABLE;
  try {
    const fit = fitOf(table, await lookAt(session, table), "read");
    if (fit.is !== "fits") return unavailable(fit.is === "outdated" ? "the next run brings it up to date" : fit.reason);
    const { runs } = await recentRuns(session, table, { limit: RUNS_SHOWN, lookbackMs: 0 });
    return { runs: runs.slice(0, RUNS_SHOWN), telemetry: { available: true, reason: "" } };
  } catch (error) {
    if (endsSession(error)) throw error;
    return unavailable(`the run log can't be read: ${(error as Error).message}`);
  }
}

const RUNS_SHOWN = 5;

function lockOf(holder: Holder | null): Status["lock"] {
  if (holder === null) return { held: false, holder: null };
  const { query: _query, ...rest } = holder;
  return { held: true, holder: rest };
}

const nameOf = ({ name }: { name: string }): string => name;
