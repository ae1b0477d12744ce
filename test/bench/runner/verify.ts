import { createHash } from "node:crypto";
import type pg from "pg";
import type { Contender } from "./contenders.ts";
import type { Migration } from "./migrations.ts";

/** Everything in the schema public that a migration can have made, a line each; $1: tables to leave out. */
const CATALOG = `
  with tables as (
    select c.oid, c.relname, c.relkind from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and c.relname <> all($1::text[])
  )
  select line from (
    select format('relation %s %s', relkind, relname) from tables
    union all
    select format('column %s.%s %s %s %s', t.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        pg_get_expr(d.adbin, d.adrelid))
      from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
    union all
    select format('index %s %s %s', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready)
      from tables t join pg_index i on i.indrelid = t.oid
    union all
    select format('constraint %s %s %s', t.relname, k.conname, pg_get_constraintdef(k.oid))
      from tables t join pg_constraint k on k.conrelid = t.oid
  ) lines (line) order by line collate "C"`;

const ROWS = `
  select relname, coalesce(md5(string_agg(row_text, E'\\n' order by row_text collate "C")), 'empty') as digest
  from (%) rows (relname, row_text) group by relname order by relname collate "C"`;

/** A digest of the schema public and all its rows, without a tool's own tables. Who did less work has another one. */
export const schemaDigest = async (client: pg.Client, ownTables: readonly string[]): Promise<string> => {
  const catalog = await client.query<{ line: string }>(CATALOG, [ownTables]);
  const lines = catalog.rows.map(({ line }) => line);
  const tables = lines.flatMap((line) => /^relation r (.*)$/.exec(line)?.[1] ?? []);
  const selects = tables.map((table) => `select '${table}', t::text from public."${table}" t`);
  if (selects.length > 0) {
    const rows = await client.query<{ relname: string; digest: string }>(
      ROWS.replace("%", selects.join(" union all ")),
    );
    lines.push(...rows.rows.map(({ relname, digest }) => `rows ${relname} ${digest}`));
  }
  return createHash("sha256").update(lines.join("\n")).digest("hex");
};

/** What is wrong with a database after a contender's run; an empty list when it did all the work. */
export const problems = async (
  client: pg.Client,
  contender: Contender,
  all: readonly Migration[],
  digest: string,
): Promise<string[]> => {
  const found: string[] = [];
  if ((await schemaDigest(client, contender.history.tables)) !== digest) found.push("another schema or other rows");
  const history = await client.query<string[]>({ text: contender.history.query, rowMode: "array" });
  const [actual, expected] = [history.rows.map((row) => row[0]), contender.history.expected(all)];
  if (actual.join("\n") !== expected.join("\n"))
    found.push(`a history of ${actual.length} that isn't the expected one`);
  return found;
};
