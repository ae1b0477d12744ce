import type { Migration, Source } from "../source/migration.ts";
import { isFolder, second, whenOf } from "./drizzle-migration.ts";
import type { HistoryRow, MatchedRow } from "./history.ts";

/**
 * Which migration a row of drizzle's table is of: by its name where it has one, else by its time, and where several share
 * the time, by the hash; what is left goes in order, so that a changed file is found as drift. For the folders of 1.0 the
 * rows of 0.x are matched as its own upgrade does (`up-migrations/pg`): by the second, and at last by the hash alone.
 */
export function matchDrizzle(source: Source, rows: HistoryRow[]): MatchedRow[] {
  const index = indexOf(source);
  const taken = new Set<Migration>();
  const matched: (Migration | null)[] = rows.map((row) => {
    const sure = index.byName.get(row.name) ?? firstFree(sameHash(row, index.sameTime(row)), taken);
    if (sure !== null) taken.add(sure);
    return sure;
  });
  return rows.map((row, i) => {
    let migration = matched[i] ?? null;
    if (migration === null) {
      migration = likely(row, index, taken);
      if (migration !== null) taken.add(migration);
    }
    return { row, migration };
  });
}

type Index = {
  byName: Map<string, Migration>;
  byHash: Map<string, Migration[]>;
  folders: boolean;
  sameTime(row: HistoryRow): Migration[];
};

function indexOf({ migrations }: Source): Index {
  const byWhen = Map.groupBy(migrations, whenOf);
  const bySecond = Map.groupBy(migrations, (migration) => second(whenOf(migration)));
  return {
    byName: new Map(migrations.map((migration) => [migration.name, migration])),
    byHash: Map.groupBy(migrations, (migration) => migration.checksum),
    folders: migrations.some(isFolder),
    sameTime({ when, name }) {
      if (when === null) return [];
      const exact = byWhen.get(when) ?? [];
      // A row that 1.0 named is of that folder only, even where another one shares its time.
      const fits = (migration: Migration): boolean => !isFolder(migration) || !isFolderName(name);
      if (exact.length > 0) return exact.filter(fits);
      // One of the two generations wrote the row, the other one reads it.
      return (bySecond.get(second(when)) ?? []).filter(
        (migration) => fits(migration) && (isFolder(migration) || when % 1_000 === 0),
      );
    },
  };
}

/** Rows that name no migration are called `drizzle entry ...`; a folder's name begins with its timestamp. */
const isFolderName = (name: string): boolean => /^\d{14}/.test(name);

const sameHash = ({ checksum }: HistoryRow, migrations: Migration[]): Migration[] =>
  migrations.filter((migration) => migration.checksum === checksum);

/** The first that no row has yet; else the first: two migrators that raced wrote one migration twice. */
const firstFree = (migrations: Migration[], taken: Set<Migration>): Migration | null =>
  migrations.find((migration) => !taken.has(migration)) ?? migrations[0] ?? null;

function likely(row: HistoryRow, index: Index, taken: Set<Migration>): Migration | null {
  const free = (migrations: Migration[]): Migration[] => migrations.filter((migration) => !taken.has(migration));
  const candidates = free(index.sameTime(row)).filter(
    (migration) => migration.when === row.when || isFolder(migration),
  );
  const [first] = candidates;
  if (first !== undefined && (candidates.length === 1 || !isFolder(first))) return first;
  if (row.when !== null && (isFolderName(row.name) || !index.folders)) return null;
  const same = free(index.byHash.get(row.checksum ?? "") ?? []);
  return same.length === 1 ? (same[0] ?? null) : null;
}
