import { opsMigrations } from "lockkeeper/ops";
import { migrationsDir, runLogTable } from "../../../../release.ts";

export const dynamic = "force-dynamic";

/** What the last runs did, for the people on call. Off (404) until OPS_MIGRATION_TOKEN or its _FILE is set. */
export const GET = opsMigrations({ dir: migrationsDir, runLogTable });
