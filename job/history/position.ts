import type { Migration, Source } from "../source/migration.ts";
import { compareNames } from "../source/order.ts";
import { isFolder, second } from "./drizzle-migration.ts";
import type { HistoryRow } from "./history.ts";

/**
 * How history and source are ordered together: by drizzle's time where the history keeps one, as upstream orders them;
 * else by name, as a folder of files is ordered.
 */
export type Position = {
  compareRows(a: HistoryRow, b: HistoryRow): number;
  /** True when the row comes after every migration of the source, applied or pending. */
  isBeyond(row: HistoryRow): boolean;
  /** True when the migration comes before one that is in the history, so that running it now is out of order. */
  isLate(migration: Migration): boolean;
  /** True when drizzle's own migrator would skip what is late, in silence. */
  upstreamSkips: boolean;
};

/** Looks once at source and rows; each question after that is cheap. */
export function positions(source: Source, rows: HistoryRow[]): Position {
  return rows.some((row) => row.when !== null) ? byTime(source, rows) : byName(source, rows);
}

function byTime({ migrations }: Source, rows: HistoryRow[]): Position {
  const timeOf = ({ when }: { when: number | null }): number => when ?? -Infinity;
  const lastOfSource = greatest(migrations.map(timeOf));
  const lastApplied = greatest(rows.map(timeOf));
  return {
    compareRows: (a, b) => timeOf(a) - timeOf(b) || compareNames(a.name, b.name),
    isBeyond: (row) => timeOf(row) > lastOfSource,
    // What upstream's rule (drizzle-orm 0.45: greatest `created_at` < `when`) skips; on an empty table nothing. The
    // folders of 1.0 are decided by name, so two of one second are in order.
    isLate: (migration) =>
      isFolder(migration) ? second(timeOf(migration)) < second(lastApplied) : timeOf(migration) <= lastApplied,
    upstreamSkips: !migrations.some(isFolder),
  };
}

function byName({ migrations }: Source, rows: HistoryRow[]): Position {
  const places = new Map(migrations.map(({ name }, place) => [name, place]));
  const lastOfSource = migrations.map(({ name }) => name).reduce(later, null);
  const unknown = rows.filter(({ name }) => !places.has(name)).map(({ name }) => name);
  const lastUnknown = unknown.reduce(later, null);
  const lastPlace = greatest(rows.map(({ name }) => places.get(name) ?? -1));
  return {
    compareRows: (a, b) => compareNames(a.name, b.name),
    isBeyond: ({ name }) => lastOfSource === null || compareNames(name, lastOfSource) > 0,
    isLate: ({ name }) =>
      // The source's own order among its own: a journal needn't be sorted by name.
      (places.get(name) ?? 0) < lastPlace || (lastUnknown !== null && compareNames(name, lastUnknown) < 0),
    upstreamSkips: false,
  };
}

const later = (a: string | null, b: string): string => (a === null || compareNames(a, b) < 0 ? b : a);

/** Not Math.max: thousands of arguments overflow the stack. */
const greatest = (numbers: number[]): number => numbers.reduce((a, b) => (a > b ? a : b), -Infinity);
