import type { Report } from "../../contract/report.ts";
import type { Reason } from "../../contract/resource/reason.ts";

/** What a run's Job was made for; its report must say the same. */
export type RunIdentity = { runId: string; tag: string; command: "migrate" | "status" };

/**
 * How far a run is, told from its Job and pod. Judged by the runner's own container, whatever a sidecar does. Times are
 * ISO 8601, as the cluster gave them.
 */
export type Outcome =
  /** The runner hasn't started yet. `reason` and `message` where somebody should know why; null while all is as usual. */
  | { is: "starting"; reason: Reason | null; message: string; pod: string | null }
  /** The runner's container runs, or what became of it can't be told yet (`NodeLost`). */
  | { is: "running"; pod: string; startedAt: string | null; reason: Reason | null; message: string }
  /** It ended and left a report which is this run's own. */
  | { is: "reported"; report: Report; pod: string; startedAt: string | null; finishedAt: string }
  /** It ended, or never began, and left none. `retry`: whether waiting can cure it. */
  | {
      is: "lost";
      reason: Reason;
      message: string;
      retry: boolean;
      pod: string | null;
      startedAt: string | null;
      finishedAt: string;
      /** Its pod is still there and could yet begin: the Job has to go before another one is started. */
      lingers?: true;
    };
