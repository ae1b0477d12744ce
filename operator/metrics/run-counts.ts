import type { RunStatus } from "../../contract/run.ts";

/** A run's outcome as a label has it. */
export const OUTCOMES = ["success", "skipped", "failed", "lock_timeout"] as const;
export type RunOutcome = (typeof OUTCOMES)[number];

const BY_STATUS = {
  SUCCESS: "success",
  SKIPPED: "skipped",
  FAILED: "failed",
  LOCK_TIMEOUT: "lock_timeout",
} as const satisfies Record<Exclude<RunStatus, "RUNNING">, RunOutcome>;

/** Null while it is on. */
export const outcomeOf = (status: RunStatus): RunOutcome | null => (status === "RUNNING" ? null : BY_STATUS[status]);

export type RunCounts = {
  count(key: string, outcome: RunOutcome): void;
  of(key: string, outcome: RunOutcome): number;
  /** The resource is gone. */
  forget(key: string): void;
};

/** How many runs of each resource, `NAMESPACE/NAME`, came to what, since this process began. */
export function openRunCounts(): RunCounts {
  const counts = new Map<string, Partial<Record<RunOutcome, number>>>();
  return {
    count(key, outcome) {
      const known = counts.get(key) ?? {};
      counts.set(key, { ...known, [outcome]: (known[outcome] ?? 0) + 1 });
    },
    of: (key, outcome) => counts.get(key)?.[outcome] ?? 0,
    forget: (key) => void counts.delete(key),
  };
}
