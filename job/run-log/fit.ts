import type { TableName } from "../postgres/name.ts";
import { quoteIdentifier, quoteTable, showTable } from "../postgres/name.ts";
import { COLUMN_NAMES, COLUMNS, OWN_SCHEMA } from "./columns.ts";
import type { ColumnName } from "./columns.ts";
import type { Sight } from "./look.ts";

/** Whether a table can be the run log. `reason` stands alone: it becomes the report's `telemetry.reason`. */
export type Fit =
  | { is: "fits"; mayPrune: boolean }
  /** Our own table, of an older Lockkeeper. */
  | { is: "outdated"; lacks: ColumnName[] }
  /** Nobody has created it yet. */
  | { is: "absent"; reason: string }
  | { is: "unusable"; reason: string };

export type Use = "read" | "write";

/** What the catalog's answer means for whoever wants to read or write runs. Pure. */
export function fitOf(name: TableName, sight: Sight, use: Use): Fit {
  const { schema, table } = sight;
  if (!table.exists) return { is: "absent", reason: `there is no table ${showTable(name)}` };
  const refused = refusedKind(sight) ?? refusedColumn(sight, use);
  if (refused !== null) return unusable(name, refused);
  const lacks = COLUMN_NAMES.filter((column) => !sight.columns.some(({ name: found }) => found === column));
  if (lacks.length > 0) return lacking(name, sight, lacks, use);
  if (!schema.usage) {
    const grant = `GRANT USAGE ON SCHEMA ${quoteIdentifier(name.schema)} TO ${quoteIdentifier(sight.role)}`;
    return unusable(name, `role ${sight.role} may not use its schema: ${grant}`);
  }
  const missing = NEEDED[use].filter((right) => !table[right]);
  if (missing.length > 0) return unusable(name, missingRight(name, sight, missing, use));
  return { is: "fits", mayPrune: table.delete };
}

function refusedKind({ table: { kind } }: Sight): string | null {
  return kind === "r" || kind === "p" ? null : "it is no ordinary table";
}

function refusedColumn({ columns }: Sight, use: Use): string | null {
  for (const { name: column, type, required } of columns) {
    const wanted: readonly string[] | undefined = column in COLUMNS ? COLUMNS[column as ColumnName].types : undefined;
    if (wanted !== undefined && !wanted.includes(type)) {
      return `its column ${quoteIdentifier(column)} is of type ${type}, wanted is ${wanted[0]}`;
    }
    if (wanted === undefined && required && use === "write") {
      return `its column ${quoteIdentifier(column)} is not null and has no default, so that no run can be written`;
    }
  }
  return null;
}

/** A column that is missing is added where the table is ours; elsewhere its owner must do it. */
function lacking(name: TableName, sight: Sight, lacks: ColumnName[], use: Use): Fit {
  const first = lacks[0] ?? "id";
  const foreign = lacks.find((column) => COLUMNS[column].added === null);
  if (name.schema !== OWN_SCHEMA || foreign !== undefined || use === "read") {
    const column = foreign ?? first;
    return unusable(name, `it has no column ${quoteIdentifier(column)} of type ${COLUMNS[column].types[0]}`);
  }
  if (sight.table.mayAlter) return { is: "outdated", lacks };
  const cure = `run once as its owner ${sight.table.owner ?? ""}, or: ${addColumns(name, lacks)}`;
  return unusable(name, `it has no column ${quoteIdentifier(first)} and role ${sight.role} may not add it: ${cure}`);
}

const NEEDED = { read: ["select"], write: ["select", "insert", "update"] } as const;

function missingRight(name: TableName, { role }: Sight, missing: readonly string[], use: Use): string {
  const rights = use === "read" ? "SELECT" : "SELECT, INSERT, UPDATE, DELETE";
  return `role ${role} may not ${missing.join(", ")}: GRANT ${rights} ON ${quoteTable(name)} TO ${quoteIdentifier(role)}`;
}

/** Adds columns as a table with rows can take them. */
export const addColumns = (name: TableName, columns: readonly ColumnName[]): string =>
  `ALTER TABLE ${quoteTable(name)} ${columns
    .map((column) => `ADD COLUMN IF NOT EXISTS ${column} ${COLUMNS[column].added ?? COLUMNS[column].definition}`)
    .join(", ")}`;

const unusable = (name: TableName, why: string): Fit => ({
  is: "unusable",
  reason: `${showTable(name)} can't be the run log: ${why}`,
});
