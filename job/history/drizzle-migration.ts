import { basename } from "node:path";
import type { Migration, Source } from "../source/migration.ts";

/** A folder of drizzle 1.0, `<YYYYMMDDHHMMSS>_<name>/migration.sql`, as against an entry of a 0.x journal. */
export const isFolder = ({ file }: Migration): boolean => basename(file) === "migration.sql";

/** drizzle's `created_at`, which its sources always have. In ms. */
export function whenOf({ name, when }: Migration): number {
  if (when === null) throw new Error(`${name} is of no drizzle folder: it has no time`);
  return when;
}

/** 1.0 keeps whole seconds where 0.x kept milliseconds: what `drizzle-kit up` turned into a folder lost the rest. */
export const second = (when: number): number => Math.floor(when / 1_000);

/**
 * Migrations that share their time. `shared`: others do, so that the time alone doesn't tell which one a row is of.
 * `same`: how many before this one also share the hash, as two empty files do.
 */
export type Twins = { shared: boolean; same: number };

/** Counts them once for the whole source. */
export function twins(source: Source): (migration: Migration) => Twins {
  const times = new Map<string, number>();
  const same = new Map<string, number>();
  const before = new Map<string, number>();
  for (const migration of source.migrations) {
    const time = timeKey(migration);
    const exact = `${time} ${migration.checksum}`;
    times.set(time, (times.get(time) ?? 0) + 1);
    before.set(migration.name, same.get(exact) ?? 0);
    same.set(exact, (same.get(exact) ?? 0) + 1);
  }
  return (migration) => ({
    shared: (times.get(timeKey(migration)) ?? 0) > 1,
    same: before.get(migration.name) ?? 0,
  });
}

const timeKey = (migration: Migration): string =>
  isFolder(migration) ? `second ${second(whenOf(migration))}` : `${whenOf(migration)}`;
