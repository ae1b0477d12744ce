import { database } from "../../postgres/database.ts";
import type { DatabaseOptions, TestDatabase } from "../../postgres/database.ts";
import { JOURNAL } from "./folders.ts";

/** A database with a journal, and a gate at which a migration waits for as long as it is closed. */
export type GatedDatabase = TestDatabase & {
  open(): Promise<void>;
  /** How often each migration ran. */
  journal(): Promise<Record<string, number>>;
};

const GATE = `
  create table gate (closed boolean);
  insert into gate values (true);
  create function wait_at_gate() returns void language plpgsql as $$
    begin while exists (select from gate) loop perform pg_sleep(0.02); end loop; end $$`;

/** What a migration says to wait there. */
export const WAIT = "select wait_at_gate();";

/** The gate is closed at first. */
export async function gatedDatabase(options: DatabaseOptions = {}): Promise<GatedDatabase> {
  const db = await database(options);
  await db.query(`${JOURNAL}; ${GATE}`);
  return {
    ...db,
    async open() {
      await db.query("delete from gate");
    },
    async journal() {
      const rows = await db.query<{ name: string; times: number }>(
        "select name, count(*)::int as times from journal group by name order by name",
      );
      return Object.fromEntries(rows.map(({ name, times }) => [name, times]));
    },
  };
}
