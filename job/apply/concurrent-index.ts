import { quoteIdentifier } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";
import type { Proof } from "./unit.ts";

export type IndexName = Extract<Proof, { by: "index" }>;

/** `building`: another backend is still at it. */
export type IndexState = "absent" | "valid" | "invalid" | "building";

/** What the catalog says of an index of that name on that table, as the session's search_path finds the table. */
export async function indexState(db: Queryable, { schema, table, name }: IndexName): Promise<IndexState> {
  const qualified = schema === null ? quoteIdentifier(table) : `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
  const { rows } = await db.query<{ valid: boolean; building: boolean }>(
    `select i.indisvalid as valid,
            exists (select 1 from pg_catalog.pg_stat_progress_create_index p where p.index_relid = i.indexrelid) as building
     from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
     where i.indrelid = pg_catalog.to_regclass($1) and c.relname = $2`,
    [qualified, name],
  );
  const row = rows[0];
  if (row === undefined) return "absent";
  if (row.valid) return "valid";
  return row.building ? "building" : "invalid";
}

/**
 * Drops what a failed CREATE INDEX CONCURRENTLY left: it slows every write and serves no read. True when it did. A run
 * that is to stop doesn't wait for old transactions: it drops the index `at-once`, within half a second, or rejects.
 */
export async function dropInvalid(
  db: Queryable,
  index: IndexName,
  how: "concurrently" | "at-once" = "concurrently",
): Promise<boolean> {
  if ((await indexState(db, index)) !== "invalid") return false;
  const { rows } = await db.query<{ schema: string }>(
    `select n.nspname as schema from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.oid = pg_catalog.to_regclass($1)`,
    [
      index.schema === null
        ? quoteIdentifier(index.table)
        : `${quoteIdentifier(index.schema)}.${quoteIdentifier(index.table)}`,
    ],
  );
  const schema = rows[0]?.schema;
  if (schema === undefined) return false;
  const target = `if exists ${quoteIdentifier(schema)}.${quoteIdentifier(index.name)}`;
  if (how === "concurrently") await db.query(`drop index concurrently ${target}`);
  else await db.query(`set lock_timeout = '500ms'; drop index ${target}`);
  return true;
}

/** Whether a DROP INDEX CONCURRENTLY has done its work. */
export async function isGone(
  db: Queryable,
  { schema, name }: Extract<Proof, { by: "dropped-index" }>,
): Promise<boolean> {
  const qualified = schema === null ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  const { rows } = await db.query<{ gone: boolean }>("select pg_catalog.to_regclass($1) is null as gone", [qualified]);
  return rows[0]?.gone === true;
}
