import { readFile } from "node:fs/promises";
import { opsMigrations } from "lockkeeper/ops";
import { migrationsDir, runLogTable } from "../../../../release.ts";

export const dynamic = "force-dynamic";

const ops = opsMigrations({ dir: migrationsDir, runLogTable });

/**
 * For the stats page: the token stays here, and the page never has it. Put your own login before this; WorkoutLog has
 * none, so whoever sees the app sees the state of its migrations.
 */
export async function GET(): Promise<Response> {
  const { OPS_MIGRATION_TOKEN: given, OPS_MIGRATION_TOKEN_FILE: file } = process.env;
  const token = given ?? (file === undefined ? "" : (await readFile(file, "utf8")).trim());
  // With an operator: fetch("http://lockkeeper-ops.NAMESPACE:8080/api/ops/migrations?namespace=...&name=...", ...) instead.
  return await ops(
    new Request("http://localhost/api/ops/migrations", { headers: { authorization: `Bearer ${token}` } }),
  );
}
