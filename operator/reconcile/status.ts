import type { Condition, Status } from "../../contract/resource/status.ts";
import { cut } from "./cut.ts";
import type { Ledger } from "./ledger.ts";
import type { Observed } from "./observed.ts";
import type { Verdict } from "./verdict.ts";

type Said = Pick<Condition, "type" | "status" | "reason" | "message">;

/**
 * The whole status, from what was decided. kstatus reads it so: `Ready=True` is done, `Stalled=True` has failed, everything
 * else is in progress. Reconciling and Stalled are there only while they are true.
 */
export function statusOf(
  { ledger, verdict }: { ledger: Ledger; verdict: Verdict },
  { migration, sharedWith, now }: Pick<Observed, "migration" | "sharedWith" | "now">,
): Status {
  const { generation } = migration.metadata;
  const said = [...summary(verdict), ...drifted(ledger), ...shared(sharedWith)];
  const before = migration.status.conditions ?? [];
  return {
    observedGeneration: generation,
    conditions: said.map((condition) => ({
      ...condition,
      message: cut(condition.message, 2_048),
      lastTransitionTime: sinceWhen(condition, before, now),
      observedGeneration: generation,
    })),
    ...(ledger.source === null ? {} : { source: ledger.source }),
    ...(ledger.schema === null ? {} : { schema: ledger.schema }),
    ...(ledger.telemetry === null ? {} : { telemetry: ledger.telemetry }),
    epoch: ledger.epoch,
    lastHandledRetry: ledger.lastHandledRetry,
    lastHandledRecheck: ledger.lastHandledRecheck,
    ...(ledger.database === null ? {} : { database: ledger.database }),
    releases: ledger.releases,
    ...(ledger.drift === null ? {} : { drift: ledger.drift }),
    runs: ledger.runs,
  };
}

function summary({ is, reason, message }: Verdict): Said[] {
  const ready = { type: "Ready", status: is === "ready" ? ("True" as const) : ("False" as const), reason, message };
  const also = (type: "Reconciling" | "Stalled"): Said => ({ type, status: "True", reason, message });
  switch (is) {
    case "ready":
    case "held":
      return [ready];
    case "progressing":
      return [ready, also("Reconciling")];
    case "stalled":
      return [ready, also("Stalled")];
  }
}

const drifted = ({ drifted: said }: Ledger): Said[] => (said === null ? [] : [{ type: "Drifted", ...said }]);

function shared(others: string[]): Said[] {
  if (others.length === 0) return [];
  const message = `${others.join(", ")} work on this database too; the lock lets one run at a time`;
  return [{ type: "SharedDatabase", status: "True", reason: "SameDatabase", message }];
}

/** When the condition's status last changed, as the API conventions have it: another reason is no transition. */
function sinceWhen({ type, status }: Said, before: Condition[], now: Date): string {
  const known = before.find((condition) => condition.type === type);
  return known?.status === status ? known.lastTransitionTime : `${now.toISOString().slice(0, 19)}Z`;
}
