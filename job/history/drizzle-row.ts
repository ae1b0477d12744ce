import type { TableName } from "../postgres/name.ts";
import { quoteLiteral, quoteTable, showTable } from "../postgres/name.ts";
import type { Migration } from "../source/migration.ts";
import { isFolder, second, whenOf } from "./drizzle-migration.ts";
import type { Twins } from "./drizzle-migration.ts";

/**
 * PL/pgSQL that inserts drizzle's row. The table has no unique key, so the check comes first: it is safe because the
 * prologue holds the lock's key until the transaction's end.
 */
export function claimRow(name: TableName, migration: Migration, { shared, same }: Twins): string {
  const table = quoteTable(name);
  const message = quoteLiteral(`${migration.name} is in ${showTable(name)} already`);
  const refuse = (where: string): string =>
    `IF (SELECT pg_catalog.count(*) FROM ${table} AS h WHERE ${where}) OPERATOR(pg_catalog.>) ` +
    `${shared ? same : 0} THEN RAISE unique_violation USING MESSAGE = ${message}; END IF;`;
  const [hash, when] = [quoteLiteral(migration.checksum), quoteLiteral(String(whenOf(migration)))];
  const plain = `INSERT INTO ${table} (hash, created_at) VALUES (${hash}, ${when});`;
  const byTime = isOf(migration, shared);
  // A 0.x migrator writes no name, and 1.0 wouldn't know a journal's tag: what is written is what upstream would write.
  if (!isFolder(migration)) return `${refuse(byTime)} ${plain}`;
  const label = quoteLiteral(migration.name);
  const named = `h.name OPERATOR(pg_catalog.=) ${label}`;
  return whetherNamed(
    table,
    `IF EXISTS (SELECT FROM ${table} AS h WHERE ${named}) THEN ` +
      `RAISE unique_violation USING MESSAGE = ${message}; END IF; ` +
      `${refuse(`h.name IS NULL AND ${byTime}`)} ` +
      `INSERT INTO ${table} (hash, created_at, name) VALUES (${hash}, ${when}, ${label});`,
    `${refuse(byTime)} ${plain}`,
  );
}

/** PL/pgSQL that deletes drizzle's row, also when two racing migrators wrote it twice. */
export function forgetRow(name: TableName, migration: Migration, { shared }: Twins): string {
  const table = quoteTable(name);
  const byTime = isOf(migration, shared);
  // Of rows that only their number tells apart, the last one goes.
  const remove = (where: string): string =>
    shared
      ? `DELETE FROM ${table} AS d WHERE d.id OPERATOR(pg_catalog.=) ` +
        `(SELECT pg_catalog.max(h.id) FROM ${table} AS h WHERE ${where});`
      : `DELETE FROM ${table} AS h WHERE ${where};`;
  const missing = quoteLiteral(`${migration.name} is not in ${showTable(name)}`);
  const check = `IF NOT FOUND THEN RAISE no_data_found USING MESSAGE = ${missing}; END IF;`;
  if (!isFolder(migration)) return `${remove(byTime)} ${check}`;
  const named = `h.name OPERATOR(pg_catalog.=) ${quoteLiteral(migration.name)} OR h.name IS NULL AND ${byTime}`;
  return whetherNamed(table, `${remove(named)} ${check}`, `${remove(byTime)} ${check}`);
}

/** The rows without a name that are of this migration: the same rule as in matchDrizzle. */
function isOf(migration: Migration, shared: boolean): string {
  const when = whenOf(migration);
  const from = isFolder(migration) ? second(when) * 1_000 : when;
  const to = isFolder(migration) ? from + 999 : when;
  const time =
    `h.created_at OPERATOR(pg_catalog.>=) '${from}'::pg_catalog.int8 AND ` +
    `h.created_at OPERATOR(pg_catalog.<=) '${to}'::pg_catalog.int8`;
  return shared ? `${time} AND h.hash OPERATOR(pg_catalog.=) ${quoteLiteral(migration.checksum)}` : time;
}

/** PL/pgSQL plans a statement when it reaches it, so one that names an absent column is harmless in the other branch. */
const whetherNamed = (table: string, named: string, unnamed: string): string =>
  "IF EXISTS (SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid OPERATOR(pg_catalog.=) " +
  `${quoteLiteral(table)}::pg_catalog.regclass AND a.attname OPERATOR(pg_catalog.=) 'name' AND NOT a.attisdropped) ` +
  `THEN ${named} ELSE ${unnamed} END IF;`;
