import type { ApplySettings } from "./apply/task.ts";
import type { RunSettings } from "./settings.ts";

/** The part of a run's settings that applying needs. */
export const applySettings = ({ run, lock, statementTimeoutMs, batch }: RunSettings): ApplySettings => ({
  runId: run.id,
  lockTimeoutMs: lock.timeoutMs,
  lockRetries: lock.retries,
  statementTimeoutMs,
  batch,
});
