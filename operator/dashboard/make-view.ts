/** A resource as the caches have it becomes what the page shows. Pure: `now` is given. */
import type { Alert } from "../../contract/ops.ts";
import type { Observed } from "../../contract/ops-observed.ts";
import { alertsOf } from "../../contract/ops-status.ts";
import { redact } from "../../contract/redact.ts";
import { Status } from "../../contract/resource/status.ts";
import type { Condition, StatusRun } from "../../contract/resource/status.ts";
import type { Blocker } from "../../contract/run.ts";
import { blockedHint, lockTimeoutSentence } from "../../contract/sentence.ts";
import type { GatedPod } from "../kubernetes/objects.ts";
import { namesOf } from "../watch/gated.ts";
import type { RawMigration } from "../watch/migration.ts";
import type { Detail, Gated, Row, Tone } from "./view.ts";

/** What the caches say of one resource. */
export type Seen = { migration: RawMigration; observed: Observed; gated: readonly GatedPod[] };

/** As the ops endpoint has it by default. */
const LOOKBACK_MS = 120 * 60_000;
const TICKS = 16;
const ALERTS_IN_ROW = 2;
const MOST_GATED = 50;
const LONGEST_MESSAGE = 600;

export function detailOf({ migration, observed, gated }: Seen, now: Date): Detail {
  const status = readStatus(migration);
  const conditions = status?.conditions ?? [];
  const alerts = alertsOf(observed, { now, lookbackMs: LOOKBACK_MS });
  const runs = status?.runs ?? [];
  const ready = status === null ? UNREADABLE : conditionOf(conditions, "Ready");
  const row: Row = {
    namespace: migration.metadata.namespace,
    name: migration.metadata.name,
    tone: toneOf(conditions, alerts),
    reason: ready?.reason ?? "",
    message: (ready?.message ?? "the operator hasn't looked at it yet").slice(0, LONGEST_MESSAGE).toWellFormed(),
    since: ready?.lastTransitionTime ?? null,
    version: status?.schema?.version ?? "",
    pending: status?.schema?.pending ?? 0,
    gated: gated.length,
    source: status?.source?.image ?? "",
    alerts: alerts.slice(0, ALERTS_IN_ROW).map(({ severity, code, message }) => ({ severity, code, message })),
    moreAlerts: Math.max(0, alerts.length - ALERTS_IN_ROW),
    runs: runs.slice(0, TICKS).map(({ status: outcome }) => outcome),
    lastRunAt: runs[0]?.finishedAt ?? runs[0]?.startedAt ?? null,
  };
  return {
    ...{ row, alerts, conditions, runs },
    pendingNames: status?.schema?.pendingNames ?? [],
    applied: status?.schema?.applied ?? 0,
    observedAt: status?.schema?.observedAt ?? null,
    database: status?.database?.name ?? "",
    telemetry: status?.telemetry ?? null,
    gated: gated.slice(0, MOST_GATED).map(gatedOf),
    blocked: blockedOf(runs),
  };
}

/** Read once as long as the resource is as it is: a watch brings a new object for each change. */
const known = new WeakMap<RawMigration, Status | null>();

/** Without what looks like a password: more than the operator may write it. Null where it can't be read. */
function readStatus(migration: RawMigration): Status | null {
  const found = known.get(migration);
  if (found !== undefined) return found;
  const parsed = Status.safeParse(migration.status ?? {});
  const status = parsed.success ? withoutSecrets(parsed.data) : null;
  known.set(migration, status);
  return status;
}

const withoutSecrets = (status: Status): Status => ({
  ...status,
  conditions: (status.conditions ?? []).map((condition) => ({ ...condition, message: redact(condition.message, []) })),
  runs: (status.runs ?? []).map((run) =>
    run.error ? { ...run, error: { ...run.error, message: redact(run.error.message, []) } } : run,
  ),
});

const UNREADABLE = {
  reason: "InvalidStatus",
  message: "the status can't be read: it was written by something else",
  lastTransitionTime: null,
};

const conditionOf = (conditions: Condition[], type: string): Condition | undefined =>
  conditions.find((condition) => condition.type === type);

/** The first that fits. A run at work comes before warnings of what was, but not before what is wrong now. */
function toneOf(conditions: Condition[], alerts: Alert[]): Tone {
  const isSo = (type: string): Condition | undefined =>
    conditions.find((one) => one.type === type && one.status === "True");
  const ready = conditionOf(conditions, "Ready");
  if (isSo("Stalled") !== undefined) return "failing";
  if (isSo("Reconciling")?.reason === "WaitingForLock") return "blocked";
  if (alerts.some(({ severity }) => severity === "critical")) return "failing";
  if (isSo("Reconciling") !== undefined) return "running";
  if (ready === undefined) return "unknown";
  if (ready.reason === "Suspended") return "paused";
  if (alerts.length > 0) return "warning";
  return ready.status === "True" ? "ok" : "unknown";
}

const gatedOf = (pod: GatedPod): Gated => ({
  pod: pod.metadata.name,
  since: pod.metadata.creationTimestamp,
  waitsFor: namesOf(pod),
});

/** Of the newest run, if it got no lock: who was in the way when it gave up. */
function blockedOf([newest]: StatusRun[]): Detail["blocked"] {
  if (newest?.status !== "LOCK_TIMEOUT") return { sentence: "", hint: "" };
  const blockers = (newest.blockers ?? []).map(blockerOf);
  const sentence = lockTimeoutSentence({
    migration: newest.error?.migration ?? "the run",
    waitedMs: newest.lockWaitMs ?? 0,
    relation: blockers.find(({ relation }) => relation !== null)?.relation ?? null,
    blockers,
  });
  return { sentence, hint: blockedHint(blockers) };
}

/** The API server drops nulls. */
function blockerOf(told: NonNullable<StatusRun["blockers"]>[number]): Blocker {
  const { pid, user, application, state, transactionAge, relation, mode, preparedTransaction } = told;
  return {
    pid,
    user: user ?? null,
    application: application ?? null,
    state: state ?? null,
    transactionAge: transactionAge ?? null,
    relation: relation ?? null,
    mode: mode ?? null,
    preparedTransaction: preparedTransaction ?? null,
  };
}
