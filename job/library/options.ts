import type { OnEvent } from "../event.ts";

/** As the flags of `lockkeeper migrate`, in camel case. Durations are texts with a unit: `5s`, `10m`. */
export type MigrateOptions = {
  /** The folder of migrations; default ./drizzle or ./migrations. */
  dir?: string;
  format?: "auto" | "drizzle" | "sql" | "module";
  /** The last migration to apply. */
  to?: string;
  /** Default: DATABASE_URL, or what is in the file that DATABASE_URL_FILE names. */
  databaseUrl?: string;
  databaseUrlFile?: string;
  caFile?: string;
  connectWait?: string;
  lockWait?: string;
  lockTimeout?: string;
  lockRetries?: number;
  statementTimeout?: string;
  runTimeout?: string;
  batch?: number;
  allowDrift?: boolean;
  allowOutOfOrder?: boolean;
  /** On a database without a history: the last migration that it is taken to have. */
  baseline?: string;
  historyFormat?: "auto" | "lockkeeper" | "drizzle";
  historyTable?: string;
  runLogTable?: string;
  runLogRetention?: string;
  /** Default: DB_MIGRATE_RUNNER, or `web-startup`. */
  runner?: string;
  source?: string;
  runId?: string;
  /** Cancels the run: the statement in the server too. Without one nothing does; no signal handler is installed. */
  signal?: AbortSignal;
  onEvent?: OnEvent;
};
