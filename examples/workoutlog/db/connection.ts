import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import { Pool } from "pg";

let opened: NodePgDatabase | undefined;

/** The process's one connection pool, opened by the first query: a build has no database. */
export function database(): NodePgDatabase {
  if (opened === undefined) {
    const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 5, connectionTimeoutMillis: 5_000 });
    // An idle connection that the server ends is an event here; unheard it would end the process.
    pool.on("error", (error) => console.error("database", error));
    opened = drizzle(pool);
  }
  return opened;
}
