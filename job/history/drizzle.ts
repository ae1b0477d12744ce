import type { TableName } from "../postgres/name.ts";
import { quoteIdentifier, quoteTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";
import type { Migration, Source } from "../source/migration.ts";
import { checkSight, ensureTable, permission } from "./create.ts";
import type { TableSpec } from "./create.ts";
import { matchDrizzle } from "./drizzle-match.ts";
import { isFolder, twins } from "./drizzle-migration.ts";
import { claimRow, forgetRow } from "./drizzle-row.ts";
import type { History, HistoryRow } from "./history.ts";
import { lookAt } from "./table.ts";
import type { Sight } from "./table.ts";

export const DRIZZLE_TABLE: TableName = { schema: "drizzle", table: "__drizzle_migrations" };

/**
 * As drizzle-orm creates it: 0.45 (`PgDialect.migrate`) with three columns, 1.0 (`pg-core/async/session`) with two more,
 * which it also adds to an older table by itself.
 */
const spec = (name: TableName, folders: boolean): TableSpec => ({
  name,
  shape: {
    required: { id: ["int4", "int8"], hash: ["text"], created_at: ["int8"] },
    optional: { name: ["text"], applied_at: ["timestamptz"] },
  },
  definition: `(
    id serial primary key,
    hash pg_catalog.text not null,
    created_at pg_catalog.int8${
      folders ? ",\n    name pg_catalog.text,\n    applied_at pg_catalog.timestamptz default pg_catalog.now()" : ""
    }
  )`,
  ownSchema: DRIZZLE_TABLE.schema,
  elsewhere: "public.__drizzle_migrations (and the same schema in drizzle.config's migrations)",
});

/**
 * drizzle's own history, shared with drizzle-orm's migrator and drizzle-kit, which may write it between our runs. The
 * source tells the generation: a 0.x journal, or the folders of 1.0, whose rows have names.
 */
export function drizzleHistory(name: TableName = DRIZZLE_TABLE, source: Source): History {
  const table = spec(name, source.migrations.some(isFolder));
  const twinsOf = twins(source);
  return {
    format: "drizzle",
    table: name,
    async ensure(db) {
      await checkSequence(db, name, await ensureTable(db, table));
    },
    async read(db) {
      const sight = await lookAt(db, name);
      if (sight.table === null) return [];
      checkSight(sight, table, "select");
      return readRows(db, name, new Set(sight.table.columns.map((column) => column.name)));
    },
    match: matchDrizzle,
    claim: (migration: Migration) => claimRow(name, migration, twinsOf(migration)),
    forget: (migration: Migration) => forgetRow(name, migration, twinsOf(migration)),
  };
}

async function readRows(db: Queryable, name: TableName, columns: Set<string>): Promise<HistoryRow[]> {
  const appliedAt = columns.has("applied_at")
    ? `pg_catalog.to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
    : "null";
  const { rows } = await db.query<{
    name: string | null;
    hash: string;
    when: string | null;
    applied_at: string | null;
  }>(
    `select ${columns.has("name") ? "name" : "null as name"}, hash, created_at::pg_catalog.text as when,
       ${appliedAt} as applied_at
     from ${quoteTable(name)} order by created_at nulls first, id`,
  );
  return rows.map((row) => {
    const when = row.when === null ? null : Number(row.when);
    return { name: row.name ?? entryName(when), checksum: row.hash, when, runId: null, appliedAt: row.applied_at };
  });
}

/** What can be said of a row without a name. No migration is called that: drizzle's names have no spaces. */
const entryName = (when: number | null): string => `drizzle entry ${when ?? "without a time"}`;

/** The row's id comes from a sequence, which has rights of its own. */
async function checkSequence(db: Queryable, name: TableName, { role }: Sight): Promise<void> {
  const { rows } = await db.query<{ sequence: string }>(
    `select s.sequence from pg_catalog.pg_get_serial_sequence($1, 'id') as s (sequence)
     where not pg_catalog.has_sequence_privilege(s.sequence, 'USAGE')`,
    [quoteTable(name)],
  );
  const [first] = rows;
  if (first === undefined) return;
  throw permission(
    `Role ${role} may not use the sequence ${first.sequence}, which numbers the rows of the history of migrations`,
    `Run: grant usage on sequence ${first.sequence} to ${quoteIdentifier(role)}`,
  );
}
