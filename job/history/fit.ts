import { invalidInput } from "../failure.ts";
import type { Failure } from "../failure.ts";
import type { TableName } from "../postgres/name.ts";
import { quoteIdentifier, showTable } from "../postgres/name.ts";
import type { Table } from "./table.ts";

/** The columns that a history needs, with the types that do (the first is the one that is asked for). */
export type Shape = {
  required: Record<string, readonly [string, ...string[]]>;
  optional: Record<string, readonly [string, ...string[]]>;
};

const KINDS: Record<string, string> = {
  v: "a view",
  m: "a materialized view",
  p: "a partitioned table",
  f: "a foreign table",
  S: "a sequence",
  i: "an index",
  I: "an index",
  c: "a composite type",
};

const HINT = "Name another table with --history-table, or move this one out of the way.";

/** Throws invalid input that names what doesn't fit: the kind of the relation, or a column with found and wanted type. */
export function checkFit(name: TableName, table: Table, shape: Shape): void {
  const refuse = (what: string): Failure =>
    invalidInput(`${showTable(name)} can't be the history of migrations: ${what}`, { hint: HINT });
  if (table.kind !== "r") throw refuse(`it is ${KINDS[table.kind] ?? "no table"}`);
  if (table.unlogged) throw refuse("it is unlogged, and a crash of the server would empty it");
  const found = new Map(table.columns.map((column) => [column.name, column]));
  for (const [column, types] of Object.entries(shape.required)) {
    if (!found.has(column)) throw refuse(`it has no column ${quoteIdentifier(column)} of type ${types[0]}`);
  }
  for (const [column, types] of Object.entries({ ...shape.required, ...shape.optional })) {
    const type = found.get(column)?.type;
    if (type !== undefined && !types.includes(type)) {
      throw refuse(`its column ${quoteIdentifier(column)} is of type ${type}, wanted is ${types[0]}`);
    }
  }
  for (const { name: column, required } of table.columns) {
    if (required && !(column in shape.required)) {
      throw refuse(`its column ${quoteIdentifier(column)} is not null and has no default, so no row can be inserted`);
    }
  }
}
