import { z } from "zod";
import { Blocker, RunError } from "./run.ts";

/** In a file of its own: the runner writes reports without loading a schema library. */
export { REPORT_MAX_BYTES } from "./report-size.ts";

/** Which database it was: tells a restored or another database from the one that proof was given for. */
export const DatabaseIdentity = z.object({
  /** `pg_control_system()`'s, or "" where the role may not read it. */
  systemIdentifier: z.string(),
  name: z.string(),
  oid: z.number().int().nonnegative(),
});
export type DatabaseIdentity = z.infer<typeof DatabaseIdentity>;

/**
 * What a run leaves for whoever started it (`--report FILE`): a container's termination message. Lists and texts are cut
 * to keep it within REPORT_MAX_BYTES; the counts are always whole. The run log has the rest.
 */
export const Report = z.object({
  v: z.literal(1),
  runId: z.string(),
  /** `--report-tag`, opaque, as the caller gave it. */
  tag: z.string(),
  command: z.enum(["migrate", "status", "down", "baseline"]),
  outcome: z.enum(["SUCCESS", "LOCK_TIMEOUT", "FAILED", "SKIPPED"]),
  /** True when SKIPPED because migrating is disabled: no proof that nothing is pending. */
  disabled: z.boolean(),
  exitCode: z.number().int(),
  versionBefore: z.string().nullable(),
  versionAfter: z.string().nullable(),
  available: z.number().int().nonnegative(),
  appliedTotal: z.number().int().nonnegative(),
  appliedCount: z.number().int().nonnegative(),
  applied: z.array(z.string()),
  pendingCount: z.number().int().nonnegative(),
  pending: z.array(z.string()),
  ahead: z.number().int().nonnegative(),
  drift: z.array(z.string()),
  driftCount: z.number().int().nonnegative(),
  lockWaitMs: z.number().int().nonnegative(),
  durationMs: z.number().int().nonnegative(),
  error: RunError.nullable(),
  blockers: z.array(Blocker),
  telemetry: z.object({ available: z.boolean(), reason: z.string() }),
  database: DatabaseIdentity.nullable(),
  /** `sha256:...` over the names and checksums of the source's migrations, in order. */
  digest: z.string(),
  /** True when a list or text above was cut to fit. */
  truncated: z.boolean(),
});
export type Report = z.infer<typeof Report>;
