import type { Blocker } from "../contract/run.ts";
import type { Holder } from "./postgres/holder.ts";

/** A migration's place in its run: "3 of 12". */
export type Step = { migration: string; index: number; total: number };

/**
 * What happens while a run goes on, told once each, in order. The terminal shows it as progress, a log as one JSON line
 * per event, the operator reads those lines. Never a credential, never row data.
 */
export type RunEvent =
  | { type: "connecting"; attempt: number; reason: string }
  | { type: "connected"; serverVersion: string; database: string; user: string; host: string }
  | { type: "reconnecting"; reason: string }
  | { type: "waiting-for-lock"; waitedMs: number; holder: Omit<Holder, "query"> | null }
  | { type: "locked"; waitedMs: number }
  | { type: "orphan-repaired"; runId: string }
  | {
      type: "planned";
      runId: string;
      pending: number;
      applied: number;
      available: number;
      version: string | null;
    }
  | ({ type: "migrating" } & Step)
  | ({ type: "migrated"; durationMs: number; mode: "transaction" | "statements" | "module" } & Step)
  | ({ type: "reverted"; durationMs: number } & Step)
  | ({ type: "blocked"; waitedMs: number; relation: string | null; blockers: Blocker[] } & Step)
  | ({
      type: "retrying";
      attempt: number;
      of: number;
      delayMs: number;
      code: string;
      reason: string;
    } & Step)
  | { type: "warning"; code: string; message: string }
  | { type: "cancelling"; reason: string };

export type OnEvent = (event: RunEvent) => void;
