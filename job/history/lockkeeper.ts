import { invalidInput } from "../failure.ts";
import type { TableName } from "../postgres/name.ts";
import { quoteLiteral, quoteTable, showTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";
import { checkSight, ensureTable } from "./create.ts";
import type { TableSpec } from "./create.ts";
import type { History, HistoryRow } from "./history.ts";
import { lookAt } from "./table.ts";

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
  return {
    format: "lockkeeper",
    table: name,
    async ensure(db) {
      await ensureTable(db, spec(name));
      await checkKey(db, name);
    },
    async read(db) {
      const sight = await lookAt(db, name);
      if (sight.table === null) return [];
      checkSight(sight, spec(name), "select");
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
async function checkKey(db: Queryable, name: TableName): Promise<void> {
  const { rows } = await db.query(
    `select from pg_catalog.pg_index i
       join pg_catalog.pg_attribute a
         on a.attrelid OPERATOR(pg_catalog.=) i.indrelid and a.attnum OPERATOR(pg_catalog.=) i.indkey[0]
     where i.indrelid OPERATOR(pg_catalog.=) $1::pg_catalog.regclass and a.attname OPERATOR(pg_catalog.=) 'name'
       and i.indisunique and i.indisvalid and i.indimmediate and i.indnkeyatts OPERATOR(pg_catalog.=) 1
       and i.indpred is null`,
    [quoteTable(name)],
  );
  if (rows.length > 0) return;
  throw invalidInput(`${showTable(name)} can't be the history of migrations: nothing keeps its column "name" unique`, {
    hint: `Run: alter table ${quoteTable(name)} add primary key (name); or name another table with --history-table.`,
  });
}
