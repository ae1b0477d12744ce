import type { TableName } from "../postgres/name.ts";
import { showTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";

export type Column = {
  name: string;
  /** As the catalog calls it: `text`, `int8`, `timestamptz`; of another schema than pg_catalog: `schema.type`. */
  type: string;
  /** An insert that doesn't name it fails. */
  required: boolean;
  /** A key has it alone: no two rows have the same value, or none where it is null. */
  unique: boolean;
};

export type Table = {
  /** What the catalog calls its kind: r is a table, v a view, p partitioned. */
  kind: string;
  unlogged: boolean;
  select: boolean;
  insert: boolean;
  columns: Column[];
};

/** What the catalog says about a table, its schema, and who asks. */
export type Sight = {
  role: string;
  database: string;
  schemaExists: boolean;
  schemaUsage: boolean;
  table: Table | null;
};

type Row = {
  role: string;
  database: string;
  schema_exists: boolean;
  schema_usage: boolean;
  kind: string | null;
  unlogged: boolean;
  select: boolean;
  insert: boolean;
  column: string | null;
  type: string;
  required: boolean;
  unique: boolean;
};

/**
 * Looks at a table by the catalog alone, which needs no right: `create ... if not exists` without the right to create
 * fails even when the table exists, and `to_regclass` without USAGE on the schema. One row for each column.
 */
const LOOK = `
  select current_user::pg_catalog.text as role, pg_catalog.current_database()::pg_catalog.text as database,
    n.oid is not null as schema_exists,
    coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false) as schema_usage,
    c.relkind::pg_catalog.text as kind, coalesce(c.relpersistence OPERATOR(pg_catalog.=) 'u', false) as unlogged,
    coalesce(pg_catalog.has_table_privilege(c.oid, 'SELECT'), false) as select,
    coalesce(pg_catalog.has_table_privilege(c.oid, 'INSERT'), false) as insert,
    a.attname::pg_catalog.text as column,
    pg_catalog.concat(case when tn.nspname OPERATOR(pg_catalog.<>) 'pg_catalog' then pg_catalog.concat(tn.nspname, '.') end,
      t.typname) as type,
    coalesce(a.attnotnull and not a.atthasdef and a.attidentity OPERATOR(pg_catalog.=) '', false) as required,
    exists (select from pg_catalog.pg_index i
      where i.indrelid OPERATOR(pg_catalog.=) c.oid and i.indkey[0] OPERATOR(pg_catalog.=) a.attnum
        and i.indisunique and i.indisvalid and i.indimmediate and i.indnkeyatts OPERATOR(pg_catalog.=) 1
        and i.indpred is null) as unique
  from (select) as one
  left join pg_catalog.pg_namespace n on n.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.name
  left join pg_catalog.pg_class c
    on c.relnamespace OPERATOR(pg_catalog.=) n.oid and c.relname OPERATOR(pg_catalog.=) $2::pg_catalog.name
  left join pg_catalog.pg_attribute a
    on a.attrelid OPERATOR(pg_catalog.=) c.oid and a.attnum OPERATOR(pg_catalog.>) 0 and not a.attisdropped
  left join pg_catalog.pg_type t on t.oid OPERATOR(pg_catalog.=) a.atttypid
  left join pg_catalog.pg_namespace tn on tn.oid OPERATOR(pg_catalog.=) t.typnamespace
  order by a.attnum`;

/** Asks the catalog. Never fails for lack of a right. */
export async function lookAt(db: Queryable, name: TableName): Promise<Sight> {
  const { rows } = await db.query<Row>(LOOK, [name.schema, name.table]);
  const [first] = rows;
  if (first === undefined) throw new Error(`The catalog said nothing about ${showTable(name)}`);
  return {
    role: first.role,
    database: first.database,
    schemaExists: first.schema_exists,
    schemaUsage: first.schema_usage,
    table: first.kind === null ? null : asTable(first.kind, first, rows),
  };
}

const asTable = (kind: string, { unlogged, select, insert }: Row, rows: Row[]): Table => ({
  kind,
  unlogged,
  select,
  insert,
  columns: rows.flatMap(({ column, type, required, unique }) =>
    column === null ? [] : [{ name: column, type, required, unique }],
  ),
});
