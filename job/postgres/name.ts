import { invalidInput } from "../failure.ts";

/** A table in a schema, as a flag names it: `schema.table`, each part quoted or not, of at most 63 bytes. */
export type TableName = { schema: string; table: string };

const PART = /(?:"((?:[^"\0]|"")+)"|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*))/.source;
const QUALIFIED = new RegExp(`^${PART}\\.${PART}$`, "u");

/** Reads `schema.table`. Unquoted parts fold to lower case, as in SQL. Throws invalid input that names `flag`. */
export function parseTableName(text: string, flag: string): TableName {
  const match = QUALIFIED.exec(text);
  if (match === null) {
    throw invalidInput(`${flag}: ${JSON.stringify(text)} is not a table in a schema`, {
      hint: "Write it as schema.table, for example public.migration_run_log.",
    });
  }
  const part = (quoted: string | undefined, plain: string | undefined): string =>
    quoted === undefined ? (plain ?? "").toLowerCase() : quoted.replaceAll('""', '"');
  const name = { schema: part(match[1], match[2]), table: part(match[3], match[4]) };
  for (const value of [name.schema, name.table]) {
    if (Buffer.byteLength(value) > 63) {
      throw invalidInput(`${flag}: ${JSON.stringify(value)} is longer than the 63 bytes of a PostgreSQL name`);
    }
  }
  return name;
}

/** An SQL identifier, always quoted. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** `"schema"."table"`: every statement of ours names its tables whole, whatever the search_path says. */
export const quoteTable = (name: TableName): string => `${quoteIdentifier(name.schema)}.${quoteIdentifier(name.table)}`;

/** `schema.table` for people. */
export const showTable = (name: TableName): string => `${name.schema}.${name.table}`;

/** An SQL string literal that is safe whatever `standard_conforming_strings` says. */
export const quoteLiteral = (text: string): string => {
  const doubled = text.replaceAll("'", "''");
  return doubled.includes("\\") ? ` E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
};
