import type { Migration, Source } from "../source/migration.ts";
import { isFolder, second, whenOf } from "./drizzle-migration.ts";
import type { HistoryRow, MatchedRow } from "./history.ts";

/**
 * Which migration a row of drizzle's table is of: by its name where it has one, else by its time, and where several share
 * the time, by the hash; what is left goes in order, so that a changed file is found as drift. For the folders of 1.0 the
 * rows of 0.x are matched as its own upgrade does (`up-migrations/pg`): by the second, and at last by the hash alone.
 */
export function matchDrizzle(source: Source, rows: HistoryRow[]): MatchedRow[] {
  const folders = source.migrations.some(isFolder);
  const sure = matchSurely(source, rows, folders);
  const taken = new Set(sure);
  const guess = guesser(
    source.migrations.filter((migration) => !taken.has(migration)),
    folders,
  );
  return rows.map((row, i) => ({ row, migration: sure[i] ?? guess(row) }));
}

/** By name, or by time and hash. A row that two racing migrators wrote twice is of the same migration twice. */
function matchSurely({ migrations }: Source, rows: HistoryRow[], folders: boolean): (Migration | null)[] {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  const times = new Set(migrations.map(whenOf));
  const byTime = lines(migrations, (one) => `${whenOf(one)} ${one.checksum}`);
  const bySecond = lines(migrations, (one) => `${second(whenOf(one))} ${one.checksum}`);
  return rows.map(({ name, when, checksum }) => {
    const named = byName.get(name);
    if (named !== undefined) return named;
    if (when === null || isOfOtherFolder(name, folders)) return null;
    if (times.has(when)) return take(byTime.get(`${when} ${checksum}`), "last");
    // One generation wrote the row, the other one reads it: only 1.0 cuts the milliseconds off.
    return folders || when % 1_000 === 0 ? take(bySecond.get(`${second(when)} ${checksum}`), "last") : null;
  });
}

/** For the rows that are left: each of the migrations that are left is given out once. */
function guesser(left: Migration[], folders: boolean): (row: HistoryRow) => Migration | null {
  const byTime = lines(left, (one) => String(folders ? second(whenOf(one)) : whenOf(one)));
  const byHash = lines(left, (one) => one.checksum);
  const given = new Set<Migration>();
  const give = (migration: Migration | null): Migration | null => {
    if (migration === null || given.has(migration)) return null;
    given.add(migration);
    return migration;
  };
  const onlyOne = (line: Line | undefined): Migration | null =>
    line?.migrations.length === 1 ? (line.migrations[0] ?? null) : null;
  return ({ name, when, checksum }) => {
    if (isOfOtherFolder(name, folders)) return null;
    const sameHash = byHash.get(checksum ?? "");
    if (when === null) return give(onlyOne(sameHash));
    if (!folders) return give(take(byTime.get(String(when)), "none"));
    return give(onlyOne(byTime.get(String(second(when))))) ?? give(onlyOne(sameHash));
  };
}

/** 1.0 names a row by its folder, which begins with a timestamp: it is of no other folder, even of one with its time. */
const isOfOtherFolder = (name: string, folders: boolean): boolean => folders && /^\d{14}/.test(name);

/** Migrations that look alike, given out in order: `next` makes that a step each, however many there are. */
type Line = { migrations: Migration[]; next: number };

function lines(migrations: Migration[], keyOf: (migration: Migration) => string): Map<string, Line> {
  const groups = Map.groupBy(migrations, keyOf);
  return new Map(Array.from(groups, ([key, group]) => [key, { migrations: group, next: 0 }]));
}

/** The next of the line; when all are given out, the last one again or none. */
function take(line: Line | undefined, after: "last" | "none"): Migration | null {
  if (line === undefined) return null;
  const migration = line.migrations[line.next];
  if (migration === undefined) return after === "last" ? (line.migrations.at(-1) ?? null) : null;
  line.next++;
  return migration;
}
