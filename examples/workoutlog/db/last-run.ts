import { desc, eq } from "drizzle-orm";
import { migrationRunLog } from "../releases/1/schema.ts";
import { database } from "./connection.ts";

/** The newest successful run in Lockkeeper's log: what brought the schema to where it is. */
export async function lastRun() {
  const [run] = await database()
    .select({ version: migrationRunLog.versionAfter, runner: migrationRunLog.runner })
    .from(migrationRunLog)
    .where(eq(migrationRunLog.status, "SUCCESS"))
    .orderBy(desc(migrationRunLog.startedAt))
    .limit(1);
  return run;
}
