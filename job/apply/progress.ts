import type { TableName } from "../postgres/name.ts";
import { quoteLiteral, quoteTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";
import type { Migration } from "../source/migration.ts";

/** How far a file in statement mode came: `started` may be one more than `finished`, and then nobody knows of that one. */
export type Reached = { checksum: string; started: number; finished: number };

/**
 * The record of files in statement mode: one row per file that isn't done yet, in a table beside the history, which is
 * made when the first such file is run. A unit that can run in a transaction commits together with its record.
 */
export type Progress = {
  table: TableName;
  ensure(db: Queryable): Promise<void>;
  read(db: Queryable, migration: Migration): Promise<Reached | null>;
  /** The files that an earlier run left half done, by name. None where there is no such table. */
  unfinished(db: Queryable): Promise<Set<string>>;
  /** PL/pgSQL: units up to `finished` are done, `started` is under way. */
  mark(migration: Migration, started: number, finished: number): string;
  /** PL/pgSQL: the file is done. */
  clear(migration: Migration): string;
};

/** `_progress` behind the history's name, within the 63 bytes of a name. */
export function openProgress(history: TableName): Progress {
  const table = { schema: history.schema, table: `${history.table.slice(0, 54)}_progress` };
  const quoted = quoteTable(table);
  return {
    table,
    async ensure(db) {
      if (await isThere(db, quoted)) return;
      await db.query(
        `create table ${quoted} (name text primary key, checksum text not null, started int not null,` +
          ` finished int not null, updated_at timestamptz not null default pg_catalog.now())`,
      );
    },
    async read(db, migration) {
      const { rows } = await db.query<Reached>(`select checksum, started, finished from ${quoted} where name = $1`, [
        migration.name,
      ]);
      return rows[0] ?? null;
    },
    async unfinished(db) {
      if (!(await isThere(db, quoted))) return new Set();
      const { rows } = await db.query<{ name: string }>(`select name from ${quoted}`);
      return new Set(rows.map(({ name }) => name));
    },
    mark: (migration, started, finished) =>
      `INSERT INTO ${quoted} (name, checksum, started, finished)` +
      ` VALUES (${quoteLiteral(migration.name)}, ${quoteLiteral(migration.checksum)}, ${started}, ${finished})` +
      ` ON CONFLICT (name) DO UPDATE SET started = excluded.started, finished = excluded.finished, updated_at = pg_catalog.now();`,
    clear: (migration) => `DELETE FROM ${quoted} WHERE name = ${quoteLiteral(migration.name)};`,
  };
}

async function isThere(db: Queryable, quoted: string): Promise<boolean> {
  const { rows } = await db.query<{ there: boolean }>("select pg_catalog.to_regclass($1) is not null as there", [
    quoted,
  ]);
  return rows[0]?.there === true;
}
