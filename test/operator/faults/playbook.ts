/** What becomes of a run, as a test says. */
import { EXIT } from "../../../contract/exit-code.ts";
import type { Report } from "../../../contract/report.ts";

export type Play = {
  /** The pod is not made, or waits for this reason, or runs; then it ends with `report`. Otherwise it ends at once. */
  first?: "no-pod" | "running" | `waiting: ${string}`;
  /** When what comes `first` is over; without it, never. */
  until?: Promise<void>;
  report?: Partial<Report>;
  /** A container beside the runner goes on. */
  sidecar?: boolean;
};

export const SUCCESS: Play = { report: {} };

const failure = (code: string, message: string): Partial<Report> => ({
  ...{ appliedCount: 0, applied: [], appliedTotal: 1, versionAfter: "0001_a", pendingCount: 1, pending: ["0002_b"] },
  error: { code, message, migration: "0002_b" },
});

export const LOCK_TIMEOUT: Play = {
  report: {
    ...failure("55P03", "0002_b waited 5 s for public.sets"),
    ...{ outcome: "LOCK_TIMEOUT", exitCode: EXIT.lockTimeout },
  },
};

export const FAILURE: Play = {
  report: {
    ...failure("42703", 'column "sets" does not exist'),
    ...{ outcome: "FAILED", exitCode: EXIT.failedMigration },
  },
};
