import type { RunRow } from "./run-log.ts";

export const DAY_MS = 86_400_000;

/** A run id that says which. */
export const id = (number: number): string => `0193a1b2-0000-7000-8000-${String(number).padStart(12, "0")}`;

/** A run's row with what a test doesn't care about. */
export const row = (changes: Partial<RunRow>): RunRow => ({
  id: id(1),
  status: "SUCCESS",
  runner: "cli",
  source: "web:1",
  host: "web-1",
  startedAt: new Date("2026-01-01T00:00:00.000Z"),
  finishedAt: new Date("2026-01-01T00:00:10.000Z"),
  lockWaitMs: 0,
  versionBefore: null,
  versionAfter: null,
  pending: [],
  applied: [],
  error: null,
  blockers: [],
  ...changes,
});

/** The table as an application's own migration makes it with drizzle (examples/workoutlog, 0010). */
export const WORKOUTLOG_TABLE = `CREATE TABLE "migration_run_log" (
  "id" uuid PRIMARY KEY NOT NULL,
  "status" text NOT NULL,
  "runner" text NOT NULL,
  "source" text,
  "host" text,
  "started_at" timestamp with time zone NOT NULL,
  "heartbeat_at" timestamp with time zone NOT NULL,
  "finished_at" timestamp with time zone,
  "lock_wait_ms" bigint DEFAULT 0 NOT NULL,
  "version_before" text,
  "version_after" text,
  "pending" text[] DEFAULT '{}' NOT NULL,
  "applied" text[] DEFAULT '{}' NOT NULL,
  "error_code" text,
  "error_message" text,
  "error_migration" text,
  "blockers" jsonb
)`;
