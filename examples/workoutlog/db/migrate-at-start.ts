import { migrate } from "lockkeeper";
import { migrationsDir, runLogTable } from "../release.ts";

/**
 * With `DB_MIGRATE_RUNNER=web-startup` the app brings its own schema up to date. Several replicas may start at once:
 * they take turns. `DB_MIGRATE_ENABLED=0` makes `migrate` leave the database alone, where a job does the work.
 */
export async function migrateAtStart(): Promise<void> {
  if (process.env.DB_MIGRATE_RUNNER !== "web-startup") return;
  try {
    await migrate({ dir: migrationsDir, runner: "web-startup", runLogTable });
  } catch (error) {
    // Next would go on and answer 500 to everything. A process that ends is seen, and started again.
    console.error(`The schema isn't up to date, the server ends: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
