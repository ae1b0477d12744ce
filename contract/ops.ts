import { z } from "zod";
import { Run } from "./run.ts";

export const ALERT_CODES = [
  "PENDING_MIGRATIONS",
  "RECENT_FAILURE",
  "RECENT_LOCK_TIMEOUT",
  "STUCK_RUN",
  "DRIFT",
  /** A run that got its locks in the end, but waited for more than a second. */
  "LOCK_WAIT",
  "STALE_TELEMETRY",
] as const;

export const Alert = z.object({
  severity: z.enum(["critical", "warning"]),
  code: z.enum(ALERT_CODES),
  namespace: z.string(),
  name: z.string(),
  message: z.string(),
});
export type Alert = z.infer<typeof Alert>;

export const MigrationState = z.object({
  /** "" where the payload comes from a run log instead of a cluster; `name` is then the database's. */
  namespace: z.string(),
  name: z.string(),
  version: z.string().nullable(),
  pending: z.array(z.string()),
  pendingCount: z.number().int().nonnegative(),
  telemetry: z.object({ available: z.boolean(), reason: z.string() }),
  recentRuns: z.array(Run),
});
export type MigrationState = z.infer<typeof MigrationState>;

/** `GET /api/ops/migrations`: the same from the operator's caches and from a run log. 503 when `status` is critical. */
export const OpsPayload = z.object({
  status: z.enum(["ok", "warning", "critical"]),
  generatedAt: z.string(),
  lookbackMinutes: z.number().int().positive(),
  alerts: z.array(Alert),
  migrations: z.array(MigrationState),
});
export type OpsPayload = z.infer<typeof OpsPayload>;

/** The query's parameters; anything else or out of range is a 400 that names it. */
export const OpsQuery = z.object({
  lookbackMinutes: z.coerce.number().int().min(1).max(43_200).default(120),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  namespace: z.string().max(63).default(""),
  name: z.string().max(253).default(""),
});
export type OpsQuery = z.infer<typeof OpsQuery>;
