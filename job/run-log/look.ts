import type { TableName } from "../postgres/name.ts";
import { showTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";

/** What the catalog says about the run log's table, and what the role may do. */
export type Sight = {
  role: string;
  database: string;
  mayCreateSchema: boolean;
  schema: { exists: boolean; usage: boolean; create: boolean };
  table: {
    exists: boolean;
    /** As `pg_class.relkind`: r is a table, p a partitioned one. */
    kind: string | null;
    owner: string | null;
    /** Whether the role is its owner, or a member of it. */
    mayAlter: boolean;
    select: boolean;
    insert: boolean;
    update: boolean;
    delete: boolean;
  };
  columns: { name: string; type: string; required: boolean }[];
};

/**
 * The catalog alone is asked, which needs no right: `create ... if not exists` fails for a role that may not create, even
 * when the table exists, and `to_regclass` fails without USAGE on the schema.
 */
const LOOK = `
select json_build_object(
  'role', current_user,
  'database', current_database(),
  'mayCreateSchema', has_database_privilege(current_database(), 'CREATE'),
  'schema', json_build_object(
    'exists', n.oid is not null,
    'usage', coalesce(has_schema_privilege(n.oid, 'USAGE'), false),
    'create', coalesce(has_schema_privilege(n.oid, 'CREATE'), false)),
  'table', json_build_object(
    'exists', c.oid is not null,
    'kind', c.relkind,
    'owner', pg_get_userbyid(c.relowner),
    'mayAlter', coalesce(pg_has_role(c.relowner, 'USAGE'), false),
    'select', coalesce(has_table_privilege(c.oid, 'SELECT'), false),
    'insert', coalesce(has_table_privilege(c.oid, 'INSERT'), false),
    'update', coalesce(has_table_privilege(c.oid, 'UPDATE'), false),
    'delete', coalesce(has_table_privilege(c.oid, 'DELETE'), false)),
  'columns', coalesce((
    select json_agg(json_build_object(
      'name', a.attname,
      'type', format_type(a.atttypid, a.atttypmod),
      'required', a.attnotnull and not a.atthasdef and a.attidentity = '') order by a.attnum)
    from pg_catalog.pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]')
)::text as sight
from (select) as one
left join pg_catalog.pg_namespace n on n.nspname = $1::name
left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = $2::name`;

/** Asks the catalog. Never fails for lack of a right. */
export async function lookAt(db: Queryable, name: TableName): Promise<Sight> {
  const { rows } = await db.query<{ sight: string }>(LOOK, [name.schema, name.table]);
  const [row] = rows;
  if (row === undefined) throw new Error(`the catalog said nothing about ${showTable(name)}`);
  return JSON.parse(row.sight) as Sight;
}
