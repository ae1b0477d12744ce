import { API_VERSION, KIND } from "../../contract/resource/names.ts";
import type { Reason } from "../../contract/resource/reason.ts";
import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { Release, StatusRun } from "../../contract/resource/status.ts";
import type { Regarding } from "../event/event.ts";
import type { Log } from "../log.ts";
import type { Context } from "./context.ts";
import { GIVEN_UP } from "./decide.ts";
import type { Decision } from "./decide.ts";
import type { Observed } from "./observed.ts";

type Told = { type: "Normal" | "Warning"; reason: string; note: string; action: string };

/** Troubles that no run's end tells of: each is an event when it begins. */
const TROUBLES = new Set<Reason>([
  "InvalidSpec",
  "ContainerNotFound",
  "JobConflict",
  "JobNotCreated",
  "JobPodNotCreated",
  "PodNotScheduled",
  "PodNotStarted",
  "ImagePullFailed",
  "NodeLost",
  "CopyUnsupported",
]);

/** Says in events and log lines what is new in this decision, under the run's id. */
export function tell(decision: Decision, observed: Observed, { recorder, log }: Context): void {
  const { namespace, name } = observed.migration.metadata;
  const regarding = regardingOf(observed.migration);
  for (const told of newsOf(decision, observed)) recorder.record({ regarding, ...told });
  for (const run of decision.ended) {
    const { id: runId, status, job, source, error } = run;
    log.info({ namespace, name, runId, status, job, source, error: error ?? null }, "run ended");
  }
  logLedger(decision, observed, log);
  const before = readyReason(observed);
  const { reason, message, is } = decision.verdict;
  if (before !== reason) log.info({ namespace, name, is, reason, message }, "condition changed");
}

/** What people asked for, and what a check for drift came to. */
function logLedger({ ledger }: Decision, { migration }: Observed, log: Log): void {
  const { namespace, name } = migration.metadata;
  const { lastHandledRetry = "", lastHandledRecheck = "", drift } = migration.status;
  if (ledger.lastHandledRetry !== lastHandledRetry) log.info({ namespace, name }, "retry was asked for");
  if (ledger.lastHandledRecheck !== lastHandledRecheck) log.info({ namespace, name }, "recheck was asked for");
  if (ledger.drift === null || ledger.drift.checkedAt === drift?.checkedAt) return;
  const { runId, job } = ledger.drift;
  const { status: drifted, message } = ledger.drifted ?? { status: "Unknown", message: "" };
  log.info({ namespace, name, runId, job, drifted, message }, "check for drift ended");
}

/** The resource, as an event names it. */
export function regardingOf({ metadata: { namespace, name, uid } }: Pick<DatabaseMigration, "metadata">): Regarding {
  return { apiVersion: API_VERSION, kind: KIND, namespace, name, uid };
}

/** The events that a decision is worth. */
export function newsOf({ verdict, ended, ledger }: Decision, observed: Observed): Told[] {
  const news = ended.map((run) =>
    endOf(
      run,
      ledger.releases.find(({ runId }) => runId === run.id),
    ),
  );
  const isNewReason = readyReason(observed) !== verdict.reason;
  if (isNewReason && TROUBLES.has(verdict.reason)) {
    news.push({ type: "Warning", reason: verdict.reason, note: verdict.message, action: "Start" });
  }
  const { drifted } = ledger;
  const drift = observed.migration.status.conditions?.find(({ type }) => type === "Drifted");
  if (drifted?.status === "True" && drift?.status !== "True") {
    news.push({ type: "Warning", reason: "Drift", note: drifted.message, action: "Compare" });
  }
  const isChecked = ledger.drift?.checkedAt !== observed.migration.status.drift?.checkedAt;
  if (drifted?.status === "Unknown" && isChecked) {
    news.push({ type: "Warning", reason: "DriftUnknown", note: drifted.message, action: "Compare" });
  }
  return news;
}

function endOf(run: StatusRun, release: Pick<Release, "state" | "reason" | "message"> | undefined): Told {
  if (run.status === "SKIPPED" && run.error?.code === GIVEN_UP) {
    return { type: "Normal", reason: GIVEN_UP, note: `run ${run.id}: ${run.error.message}`, action: "Migrate" };
  }
  const isDone = release?.state !== "Failed" && (run.status === "SUCCESS" || run.status === "SKIPPED");
  const what = release?.message ?? run.error?.message ?? run.status;
  return {
    type: isDone ? "Normal" : "Warning",
    reason: release?.reason ?? (isDone ? "Applied" : "RunFailed"),
    note: `run ${run.id}: ${what}`,
    action: "Migrate",
  };
}

const readyReason = ({ migration }: Observed): string | undefined =>
  migration.status.conditions?.find(({ type }) => type === "Ready")?.reason;
