import type { Blocker } from "../../contract/run.ts";

/** What a run that is on said last, read from its pod's log. Gone with the operator: nothing rests on it. */
export type Progress = {
  runId: string;
  /** "3 of 12: 0007_add_sets"; null before the first migration. */
  step: { migration: string; index: number; total: number } | null;
  /** What it waits for; null while it works. */
  waiting:
    | null
    | { for: "database"; reason: string; since: number }
    | { for: "runner"; holder: string; since: number }
    | { for: "relation"; relation: string | null; blockers: Blocker[]; since: number }
    | { for: "retry"; attempt: number; of: number; reason: string; until: number };
};
