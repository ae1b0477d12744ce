import { z } from "zod";

/** What a run came to. `LOCK_TIMEOUT` is an outcome of its own everywhere: run log, condition, metric, alert. */
export const RUN_STATUSES = ["RUNNING", "SUCCESS", "LOCK_TIMEOUT", "FAILED", "SKIPPED"] as const;
export const RunStatus = z.enum(RUN_STATUSES);
export type RunStatus = z.infer<typeof RunStatus>;

/**
 * Who held the lock that somebody waited for. A field is null where the server doesn't tell it: another role's state and
 * age need `pg_read_all_stats`. Never the query's text: it can hold row data.
 */
export const Blocker = z.object({
  /** The backend's process id; 0 for a prepared transaction, which has none. */
  pid: z.number().int().nonnegative(),
  user: z.string().nullable(),
  application: z.string().nullable(),
  /** As pg_stat_activity has it: `active`, `idle in transaction`, ... */
  state: z.string().nullable(),
  /** For people: `4m`, `12 s`. How old the blocker's transaction was when it was seen. */
  transactionAge: z.string().nullable(),
  /** `schema.table`; null when it waits for a row or a transaction. */
  relation: z.string().nullable(),
  /** The mode of the lock that the blocker holds or asks for, like `AccessShareLock`. */
  mode: z.string().nullable(),
  /** The gid of a prepared transaction (`COMMIT PREPARED 'gid'` or `ROLLBACK PREPARED 'gid'` ends it). */
  preparedTransaction: z.string().nullable(),
});
export type Blocker = z.infer<typeof Blocker>;

/** Why a run failed: a SQLSTATE or a code of ours (contract/code.ts), a message without row data, and the migration. */
export const RunError = z.object({
  code: z.string(),
  message: z.string(),
  migration: z.string().nullable(),
});
export type RunError = z.infer<typeof RunError>;

/** One run, as the run log, the ops payload and the resource's status tell it. Times are ISO 8601 in UTC. */
export const Run = z.object({
  id: z.string(),
  status: RunStatus,
  runner: z.string(),
  source: z.string().nullable(),
  host: z.string().nullable(),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  lockWaitMs: z.number().int().nonnegative(),
  versionBefore: z.string().nullable(),
  versionAfter: z.string().nullable(),
  applied: z.array(z.string()),
  error: RunError.nullable(),
  blockers: z.array(Blocker),
});
export type Run = z.infer<typeof Run>;
