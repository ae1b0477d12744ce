import type { StatusRun } from "../../contract/resource/status.ts";
import type { Instruments } from "./instruments.ts";
import { outcomeOf } from "./run-counts.ts";

/** Counts runs whose end was written to the status of that resource, `NAMESPACE/NAME`: each once. */
export function countRuns(
  ended: readonly StatusRun[],
  key: string,
  { runs, runDuration, runLockWait }: Pick<Instruments, "runs" | "runDuration" | "runLockWait">,
): void {
  for (const { status, startedAt, finishedAt, lockWaitMs } of ended) {
    const outcome = outcomeOf(status);
    if (outcome === null) continue;
    runs.count(key, outcome);
    // One that was given up waited for nothing and never began.
    if (lockWaitMs === undefined) continue;
    runLockWait.observe(lockWaitMs / 1_000);
    const took = Date.parse(finishedAt ?? "") - Date.parse(startedAt ?? "");
    if (!Number.isNaN(took)) runDuration.observe({ outcome }, Math.max(0, took) / 1_000);
  }
}
