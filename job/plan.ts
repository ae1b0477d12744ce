import type { Failure } from "./failure.ts";
import type { HistoryRow, MatchedRow } from "./history/history.ts";
import { unknownTarget } from "./history/naming.ts";
import { driftObstacle, failureOf, foreignHistory, orderObstacle } from "./history/obstacle.ts";
import type { Drifted, Obstacle } from "./history/obstacle.ts";
import { positions } from "./history/position.ts";
import type { Migration, Source } from "./source/migration.ts";

export type PlanOptions = {
  /** The last migration to apply; null: all. */
  to: string | null;
  /** Go on although applied files changed or are gone. */
  allowDrift: boolean;
  /** Apply what comes before an applied migration. */
  allowOutOfOrder: boolean;
};

/**
 * What is to be done, and what speaks against it. A row that no migration of the source is of is one of two things:
 * - **ahead**: it comes after every migration of the source, applied or pending. A newer release was here, and this one
 *   is a rollback: not drift.
 * - **missing**: any other. The source goes on past it, so it has a hole: a file was deleted or renamed. When not one
 *   row is of this source, all of them are missing: it is the history of another application.
 */
export type Plan = {
  /** In the order of the source, like all lists of migrations here. */
  applied: Migration[];
  /** To be done now. */
  pending: Migration[];
  /** Pending, but beyond `to`. */
  later: Migration[];
  drifted: Drifted[];
  /** In the order of the history, like `ahead`. */
  missing: HistoryRow[];
  ahead: HistoryRow[];
  /** Those of `pending` that come before an applied one. For a drizzle journal: which upstream would skip in silence. */
  outOfOrder: Migration[];
  /**
   * The level of the database's schema: the newest row that is ahead, else the last applied migration of the source,
   * else (a foreign history) the newest row; null for an empty history.
   */
  version: string | null;
  /** Whatever the options allow. */
  obstacles: Obstacle[];
};

/** Pure: no I/O, no clock. Its work grows with migrations and rows, not with their product. */
export function makePlan(source: Source, matched: MatchedRow[], { to }: PlanOptions): Plan {
  const byMigration = groupRows(matched);
  const applied = source.migrations.filter((migration) => byMigration.has(migration));
  const waiting = source.migrations.filter((migration) => !byMigration.has(migration));

  const rows = matched.map(({ row }) => row);
  const position = positions(source, rows);
  const unknown = matched.filter(({ migration }) => migration === null).map(({ row }) => row);
  const sorted = unknown.toSorted(position.compareRows);
  const foreign = rows.length > 0 && applied.length === 0;
  const ahead = foreign ? [] : sorted.filter((row) => position.isBeyond(row));
  const missing = foreign ? sorted : sorted.filter((row) => !position.isBeyond(row));

  const end = to === null ? source.migrations.length : source.migrations.findIndex(({ name }) => name === to) + 1;
  const wanted = new Set(source.migrations.slice(0, end));
  const pending = waiting.filter((migration) => wanted.has(migration));
  const outOfOrder = foreign ? [] : pending.filter((migration) => position.isLate(migration));
  const drifted = applied.flatMap((migration) => driftOf(migration, byMigration.get(migration) ?? []));

  return {
    applied,
    pending,
    later: waiting.filter((migration) => !wanted.has(migration)),
    drifted,
    missing,
    ahead,
    outOfOrder,
    version: ahead.at(-1)?.name ?? applied.at(-1)?.name ?? missing.at(-1)?.name ?? null,
    obstacles: [
      to !== null && end === 0 ? targetObstacle(to, source) : null,
      foreign ? foreignHistory(sorted, source) : driftObstacle(drifted, missing, source),
      outOfOrder.length > 0 ? orderObstacle(outOfOrder, position.upstreamSkips) : null,
    ].filter((obstacle) => obstacle !== null),
  };
}

/** Why the plan must not be run with these options: the first obstacle that they don't allow, or null. */
export function checkPlan(plan: Plan, options: PlanOptions): Failure | null {
  const obstacle = plan.obstacles.find(({ allowedBy }) => allowedBy === null || !options[allowedBy]);
  return obstacle === undefined ? null : failureOf(obstacle);
}

/** A migration has several rows where racing migrators wrote it twice into drizzle's table, which has no unique key. */
function groupRows(matched: MatchedRow[]): Map<Migration, HistoryRow[]> {
  const groups = new Map<Migration, HistoryRow[]>();
  for (const { row, migration } of matched) {
    if (migration === null) continue;
    const group = groups.get(migration);
    if (group === undefined) groups.set(migration, [row]);
    else group.push(row);
  }
  return groups;
}

function driftOf(migration: Migration, rows: HistoryRow[]): Drifted[] {
  const was = rows.at(-1)?.checksum ?? null;
  if (was === null || rows.some(({ checksum }) => checksum === migration.checksum)) return [];
  return [{ migration, was, is: migration.checksum }];
}

function targetObstacle(to: string, source: Source): Obstacle {
  const { message, details } = unknownTarget("--to", to, source);
  return { code: "INVALID_INPUT", message, hint: details.hint ?? "", allowedBy: null };
}
