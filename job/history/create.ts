import { EXIT } from "../../contract/exit-code.ts";
import { Failure, invalidInput } from "../failure.ts";
import type { TableName } from "../postgres/name.ts";
import { quoteIdentifier, quoteTable, showTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";
import { isServerError, SQLSTATE } from "../postgres/sqlstate.ts";
import { checkFit } from "./fit.ts";
import type { Shape } from "./fit.ts";
import { lookAt } from "./table.ts";
import type { Sight } from "./table.ts";

export type TableSpec = {
  name: TableName;
  shape: Shape;
  /** What follows `create table NAME`. */
  definition: string;
  /** The one schema that is created when it is absent. Any other must exist: a typo must not begin a new history. */
  ownSchema: string;
  /** A table of this format for a role that may not create a schema. */
  elsewhere: string;
};

/** Somebody else's migrator, which doesn't take our lock, created it between our look and our statement. */
const CREATED_MEANWHILE = new Set(["42P06", "42P07", "42710", SQLSTATE.uniqueViolation as string]);

/**
 * The table as it is after this call, created if it was absent. Throws a Failure when it doesn't fit, when the schema is
 * somebody else's and absent, and PERMISSION with the exact GRANT when a right is missing.
 */
export async function ensureTable(db: Queryable, spec: TableSpec): Promise<Sight> {
  let sight = await lookAt(db, spec.name);
  // Somebody may have created the schema alone, and then the table: each costs one more look.
  for (let tries = 0; sight.table === null && tries < MOST_TRIES; tries++) {
    await create(db, sight, spec);
    sight = await lookAt(db, spec.name);
  }
  if (sight.table === null) throw new Error(`${showTable(spec.name)} was created, and is gone`);
  checkSight(sight, spec, "select, insert");
  return sight;
}

const MOST_TRIES = 3;

async function create(db: Queryable, sight: Sight, spec: TableSpec): Promise<void> {
  try {
    await db.query(createStatements(sight, spec));
  } catch (error) {
    if (!isServerError(error)) throw error;
    if (error.code === SQLSTATE.insufficientPrivilege) throw mayNotCreate(sight, spec, error);
    if (!CREATED_MEANWHILE.has(error.code)) throw error;
  }
}

/** Throws when the table exists and doesn't fit, or may not be read (for `select, insert`: written). */
export function checkSight(sight: Sight, { name, shape }: TableSpec, rights: "select" | "select, insert"): void {
  const { table, role } = sight;
  if (table === null) return;
  checkFit(name, table, shape);
  if (!sight.schemaUsage) {
    throw permission(
      `Role ${role} may not use schema ${name.schema}, which has the history of migrations`,
      `Run: grant usage on schema ${quoteIdentifier(name.schema)} to ${quoteIdentifier(role)}`,
    );
  }
  if (!table.select || (rights !== "select" && !table.insert)) {
    throw permission(
      `Role ${role} may not ${table.select ? "insert into" : "read"} ${showTable(name)}, the history of migrations`,
      // DELETE is for `down`, which would fail next.
      `Run: grant select, insert, delete on ${quoteTable(name)} to ${quoteIdentifier(role)}`,
    );
  }
}

/** One message, so it is one transaction: no schema stays behind when the table can't be created. */
function createStatements({ schemaExists }: Sight, { name, definition, ownSchema }: TableSpec): string {
  const table = `create table ${quoteTable(name)} ${definition}`;
  if (schemaExists) return table;
  const schema = quoteIdentifier(name.schema);
  if (name.schema !== ownSchema) {
    throw invalidInput(`--history-table ${showTable(name)}: there is no schema ${name.schema} in this database`, {
      hint: `Check the name, or create it first: create schema ${schema}. Lockkeeper creates no schema but its own.`,
    });
  }
  return `create schema ${schema}; ${table}`;
}

function mayNotCreate(sight: Sight, { name, elsewhere }: TableSpec, cause: Error): Failure {
  const role = quoteIdentifier(sight.role);
  const schema = quoteIdentifier(name.schema);
  if (sight.schemaExists) {
    return permission(
      `Role ${sight.role} may not create the history table ${showTable(name)}: it lacks CREATE on schema ${name.schema}`,
      `Run: grant usage, create on schema ${schema} to ${role}; ` +
        `or name a schema in which it may create, like --history-table ${elsewhere}`,
      cause,
    );
  }
  return permission(
    `Role ${sight.role} may not create schema ${name.schema} for the history of migrations: ` +
      `it lacks CREATE on database ${sight.database}`,
    `Run: grant create on database ${quoteIdentifier(sight.database)} to ${role}; ` +
      `or create the schema for it: create schema ${schema} authorization ${role}; ` +
      `or use a schema that is there: --history-table ${elsewhere}`,
    cause,
  );
}

export const permission = (message: string, hint: string, cause?: unknown): Failure =>
  new Failure("PERMISSION", EXIT.invalidInput, message, { hint, cause });
