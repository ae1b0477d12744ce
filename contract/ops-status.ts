import type { Alert, OpsPayload } from "./ops.ts";
import { ageText, blockedBy, describe, plural } from "./ops-message.ts";
import { endOf, isAlive, isCured, isWithin, newestFirst, sinceHeartbeat, timeOf } from "./ops-observed.ts";
import type { Moment, Observed, ObservedRun } from "./ops-observed.ts";
import { formatDuration } from "./duration.ts";

/** A wait for locks that is worth a warning. */
const LONG_LOCK_WAIT_MS = 1_000;
const NAMES_IN_MESSAGE = 3;

type Finding = Pick<Alert, "severity" | "message">;
type Rule = (observed: Observed, moment: Moment) => Finding[];

/** Every code has its rule; alerts come in this order. */
const RULES = {
  DRIFT: drifted,
  STUCK_RUN: stuck,
  PENDING_MIGRATIONS: pendingAndNobodyAtIt,
  RECENT_LOCK_TIMEOUT: timedOut,
  RECENT_FAILURE: failed,
  LOCK_WAIT: waitedLong,
  STALE_TELEMETRY: telemetryMissing,
} satisfies Record<Alert["code"], Rule>;

/** What is wrong with one database at this moment: the critical first, each as a text that stands alone. */
export function alertsOf(observed: Observed, moment: Moment): Alert[] {
  const { namespace, name } = observed;
  const alerts = Object.entries(RULES).flatMap(([code, rule]) =>
    rule(observed, moment).map((finding) => ({
      severity: finding.severity,
      code: code as Alert["code"],
      namespace,
      name,
      message: finding.message,
    })),
  );
  return bySeverity(alerts);
}

/** The critical before the warnings, each in the order in which they came. */
export const bySeverity = (alerts: Alert[]): Alert[] =>
  alerts.toSorted((a, b) => Number(b.severity === "critical") - Number(a.severity === "critical"));

/** The worst of the alerts. Only `critical` makes the payload a 503. */
export function statusOf(alerts: readonly Pick<Alert, "severity">[]): OpsPayload["status"] {
  if (alerts.some(({ severity }) => severity === "critical")) return "critical";
  return alerts.length > 0 ? "warning" : "ok";
}

function drifted({ drift, driftCount, driftText }: Observed): Finding[] {
  if (driftCount === 0) return [];
  if (driftText !== undefined) return [critical(`drifted: ${driftText || "history and source disagree"}`)];
  return [critical(`${plural(driftCount, "migration")} drifted from the history${list(drift, driftCount)}`)];
}

function stuck({ runs }: Observed, { now }: Moment): Finding[] {
  return runs
    .filter((run) => run.status === "RUNNING" && !isAlive(run, now))
    .map((run) => {
      const where = run.host === null ? run.runner : `${run.runner} on ${run.host}`;
      return critical(`a run of ${where} has had no heartbeat for ${formatDuration(sinceHeartbeat(run, now))}`);
    });
}

/** Pending is what a deployment is between two runs; it is an alert only when nobody is working on it. */
function pendingAndNobodyAtIt({ runs, pending, pendingCount }: Observed, { now }: Moment): Finding[] {
  if (pendingCount === 0 || runs.some((run) => run.status === "RUNNING" && isAlive(run, now))) return [];
  return [critical(`${plural(pendingCount, "migration")} pending and no run at work${list(pending, pendingCount)}`)];
}

function timedOut(observed: Observed, moment: Moment): Finding[] {
  return unsuccessful("LOCK_TIMEOUT", observed, moment, (run) => {
    const waited = `waited ${formatDuration(run.lockWaitMs)}`;
    const relation = run.blockers.find((blocker) => blocker.relation !== null)?.relation;
    const forWhat = run.error?.code === "RUNNER_LOCK_TIMEOUT" ? "another runner" : (relation ?? "a lock");
    const who = run.error?.migration ?? null;
    return `${who === null ? "" : `${who} `}${waited} for ${forWhat}${blockedBy(run.blockers)}`;
  });
}

function failed(observed: Observed, moment: Moment): Finding[] {
  return unsuccessful("FAILED", observed, moment, ({ error }) =>
    error === null ? "no error was recorded" : describe(error),
  );
}

/** One finding for each source, migration and error, however often it was tried; told by the newest. */
function unsuccessful(
  status: "FAILED" | "LOCK_TIMEOUT",
  observed: Observed,
  { now, lookbackMs }: Moment,
  text: (run: ObservedRun) => string,
): Finding[] {
  const recent = observed.runs
    .filter((run) => run.status === status && isWithin(run, now, lookbackMs))
    .toSorted(newestFirst);
  const kinds = Map.groupBy(recent, (run) =>
    JSON.stringify([run.source, run.error?.code, run.error?.migration, isCured(run, observed)]),
  );
  return [...kinds.values()].flatMap((runs) => {
    const [newest] = runs;
    if (newest === undefined) return [];
    const often = runs.length > 1 ? ` (${runs.length} runs)` : "";
    const message = `${status} ${ageText(now.getTime() - endOf(newest))} ago${often}: ${text(newest)}`;
    return [isCured(newest, observed) ? warning(`${message}; cured since`) : critical(message)];
  });
}

function waitedLong({ runs }: Observed, { now, lookbackMs }: Moment): Finding[] {
  return runs
    .filter(
      (run) => run.status !== "LOCK_TIMEOUT" && run.lockWaitMs > LONG_LOCK_WAIT_MS && isWithin(run, now, lookbackMs),
    )
    .toSorted(newestFirst)
    .slice(0, NAMES_IN_MESSAGE)
    .map((run) => {
      const when = run.status === "RUNNING" ? "going on" : `${ageText(now.getTime() - endOf(run))} ago`;
      const waited = `waited ${formatDuration(run.lockWaitMs)} for locks`;
      return warning(`a ${run.status} run ${when} ${waited}${blockedBy(run.blockers)}`);
    });
}

function telemetryMissing({ telemetry, reachable, observedAt, staleAfterMs }: Observed, { now }: Moment): Finding[] {
  if (!reachable) return [critical(`the state can't be told: ${telemetry.reason}`)];
  if (!telemetry.available) return [warning(`telemetry is unavailable: ${telemetry.reason}`)];
  const age = observedAt === null ? 0 : now.getTime() - timeOf(observedAt);
  if (staleAfterMs === null || age <= staleAfterMs) return [];
  return [warning(`last observed ${ageText(age)} ago, longer than ${formatDuration(staleAfterMs)}`)];
}

/** `: a, b, c and 2 more`; "" where no name is known. */
const list = (names: string[], count: number): string => {
  const shown = names.slice(0, NAMES_IN_MESSAGE);
  if (shown.length === 0) return "";
  const more = count - shown.length;
  return `: ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
};

const critical = (message: string): Finding => ({ severity: "critical", message });
const warning = (message: string): Finding => ({ severity: "warning", message });
