import { invalidInput } from "../failure.ts";
import type { TableName } from "../postgres/name.ts";
import { quoteLiteral, quoteTable, showTable } from "../postgres/name.ts";
import { checkSight, ensureTable } from "./create.ts";
import type { TableSpec } from "./create.ts";
import type { History, HistoryRow } from "./history.ts";
import { lookAt } from "./table.ts";
import type { Sight } from "./table.ts";

export const LOCKKEEPER_TABLE: TableName = { schema: "lockkeeper", table: "migration_history" };

const spec = (name: TableName): TableSpec => ({
  name,
  shape: {
    required: { name: ["text"], checksum: ["text"], run_id: ["uuid"], applied_at: ["timestamptz"] },
    optional: {},
  },
  // Types by their full names: a schema in the search_path may have a type `text` of its own.
  definition: `(
    name pg_catalog.text primary key,
    checksum pg_catalog.text not null,
    run_id pg_catalog.uuid,
    applied_at pg_catalog.timestamptz not null default pg_catalog.now()
  )`,
  ownSchema: LOCKKEEPER_TABLE.schema,
  elsewhere: "public.migration_history",
});

/** Our own history: one row for each applied migration, with its name as the key. */
export function lockkeeperHistory(name: TableName = LOCKKEEPER_TABLE): History {
  const table = quoteTable(name);
  let ensured = false;
  return {
    format: "lockkeeper",
    table: name,
    async ensure(db) {
      checkKey(name, await ensureTable(db, spec(name)));
      ensured = true;
    },
    async read(db) {
      if (!ensured) {
        const sight = await lookAt(db, name);
        if (sight.table === null) return [];
        checkSight(sight, spec(name), "select");
      }
      const { rows } = await db.query<HistoryRow>(
        `select name, checksum, null as "when", run_id::pg_catalog.text as "runId",
           pg_catalog.to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "appliedAt"
         from ${table} order by applied_at, name collate pg_catalog."C"`,
      );
      return rows;
    },
    match(source, rows) {
      const byName = new Map(source.migrations.map((migration) => [migration.name, migration]));
      return rows.map((row) => ({ row, migration: byName.get(row.name) ?? null }));
    },
    claim: ({ name: migration, checksum }, runId) =>
      `INSERT INTO ${table} (name, checksum, run_id, applied_at) VALUES (${quoteLiteral(migration)}, ` +
      `${quoteLiteral(checksum)}, ${quoteLiteral(runId)}, pg_catalog.now());`,
    forget: ({ name: migration }) =>
      `DELETE FROM ${table} AS h WHERE h.name OPERATOR(pg_catalog.=) ${quoteLiteral(migration)}; ` +
      `IF NOT FOUND THEN RAISE no_data_found USING MESSAGE = ${quoteLiteral(`${migration} is not in ${showTable(name)}`)}; ` +
      "END IF;",
  };
}

/** The claim's unique_violation is what keeps a second runner out, so a table without that key is none of ours. */
function checkKey(name: TableName, { table }: Sight): void {
  if (table?.columns.some((column) => column.name === "name" && column.unique)) return;
  throw invalidInput(`${showTable(name)} can't be the history of migrations: nothing keeps its column "name" unique`, {
    hint: `Run: alter table ${quoteTable(name)} add primary key (name); or name another table with --history-table.`,
  });
}
