import type { DatabaseIdentity } from "../contract/report.ts";
import type { Ledger } from "./apply/task.ts";
import type { MatchedRow } from "./history/history.ts";
import type { Plan } from "./plan.ts";
import type { Source } from "./source/migration.ts";

/** What a run found out so far. It outlives a lost connection, so that the result tells everything that is known. */
export type Facts = {
  source: Source | null;
  database: DatabaseIdentity | null;
  ledger: Ledger;
  /** The plan that was made last. */
  plan: Plan | null;
  /** The history's rows when it was read last, and what they are of. */
  matched: MatchedRow[];
  /** The version when the first plan was made. */
  versionBefore: string | null;
  telemetry: { available: boolean; reason: string };
  warnings: string[];
};

export const noFacts = (): Facts => ({
  source: null,
  database: null,
  ledger: { applied: [], reverted: [], lockWaitMs: 0 },
  plan: null,
  matched: [],
  versionBefore: null,
  telemetry: { available: false, reason: "the database wasn't reached" },
  warnings: [],
});
