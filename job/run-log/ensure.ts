import type { TableName } from "../postgres/name.ts";
import { quoteIdentifier, quoteTable, showTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";
import { COLUMN_NAMES, COLUMNS, OWN_SCHEMA } from "./columns.ts";
import { addColumns, fitOf } from "./fit.ts";
import type { Fit } from "./fit.ts";
import { lookAt } from "./look.ts";
import type { Sight } from "./look.ts";

/**
 * Whether runs can be written, after our own table was created or its missing columns were added. A table in any other
 * schema is only looked at. The caller holds the lock, so nobody else creates it at the same time. Rejects with the
 * server's error when a statement fails for any reason but a missing right.
 */
export async function ensureTable(db: Queryable, name: TableName): Promise<Fit> {
  const sight = await lookAt(db, name);
  const fit = fitOf(name, sight, "write");
  if (fit.is === "absent" && name.schema === OWN_SCHEMA) {
    const reason = mayNotCreate(name, sight);
    if (reason !== null) return { is: "unusable", reason };
    await db.query(createStatements(name, sight));
    return { is: "fits", mayPrune: true };
  }
  if (fit.is === "outdated") {
    await db.query(addColumns(name, fit.lacks));
    return { is: "fits", mayPrune: sight.table.delete };
  }
  return fit;
}

/** One message without parameters, so one transaction: half of it never stays behind. */
function createStatements(name: TableName, { schema }: Sight): string {
  const columns = COLUMN_NAMES.map((column) => `${column} ${COLUMNS[column].definition}`).join(", ");
  const table = quoteTable(name);
  return [
    ...(schema.exists ? [] : [`create schema ${quoteIdentifier(name.schema)}`]),
    `create table ${table} (${columns})`,
    // For the newest runs, and for what retention deletes.
    `create index on ${table} (started_at)`,
    // For what a dead runner left: asked at every start, and hardly ever more than one row.
    `create index on ${table} (id) where status = 'RUNNING'`,
  ].join("; ");
}

function mayNotCreate(name: TableName, { schema, role, database, mayCreateSchema }: Sight): string | null {
  const to = quoteIdentifier(role);
  const what = `role ${role} may not create ${showTable(name)}`;
  if (!schema.exists) {
    return mayCreateSchema ? null : `${what}: GRANT CREATE ON DATABASE ${quoteIdentifier(database)} TO ${to}`;
  }
  if (schema.create && schema.usage) return null;
  return `${what}: GRANT USAGE, CREATE ON SCHEMA ${quoteIdentifier(name.schema)} TO ${to}`;
}
