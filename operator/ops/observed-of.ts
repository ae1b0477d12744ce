import { parseDuration } from "../../contract/duration.ts";
import type { Observed, ObservedRun } from "../../contract/ops-observed.ts";
import { redact } from "../../contract/redact.ts";
import { RUN_STATUSES } from "../../contract/run.ts";
import type { Blocker, RunError, RunStatus } from "../../contract/run.ts";
import { count, field, list, text, texts } from "../watch/field.ts";
import type { RawMigration } from "../watch/migration.ts";

/** Of the resource's status nothing is taken for granted but that it is JSON: each field is looked at and bounded. */
const MOST_RUNS = 100;
const MOST_NAMES = 100;
const MOST_BLOCKERS = 10;
const LONGEST_MESSAGE = 2_048;

/** The schema's default; the CRD fills it in. */
const DRIFT_INTERVAL = "6h";

/** What a resource's status says, and by the id of each run that is on, its Job. */
export type Read = { observed: Observed; jobs: Map<string, string> };

/** A DatabaseMigration as the ops payload's rules look at it. Pure. */
export function observedOf({ metadata, spec, status }: RawMigration): Read {
  const schema = field(status, "schema");
  const version = text(schema, "version", 255);
  const runs = list(status, "runs", MOST_RUNS).flatMap((run) => runOf(run) ?? []);
  const jobs = list(status, "runs", MOST_RUNS).flatMap((run): [string, string][] =>
    field(run, "status") === "RUNNING" ? [[text(run, "id", 36) ?? "", text(run, "job", 63) ?? ""]] : [],
  );
  const pendingCount = count(schema, "pending");
  const drifted = conditionOf(status, "Drifted");
  const isDrifted = field(drifted, "status") === "True";
  const isTold = pendingCount > 0 || isDrifted || jobs.length > 0;
  const unknown = isTold ? null : whyUnknown(status);
  const observed: Observed = {
    namespace: metadata.namespace,
    name: metadata.name,
    version,
    pending: texts(schema, "pendingNames", MOST_NAMES),
    pendingCount,
    drift: [],
    driftCount: isDrifted ? 1 : 0,
    ...(isDrifted ? { driftText: redact(text(drifted, "message", 1_024) ?? "", []) } : {}),
    applied: new Set(version === null ? [] : [version]),
    telemetry: unknown === null ? telemetryOf(status) : { available: false, reason: unknown },
    reachable: unknown === null,
    observedAt: text(schema, "observedAt", 40),
    staleAfterMs: staleAfter(spec),
    runs,
  };
  return { observed, jobs: new Map(jobs) };
}

/** Twice the time in which the next check for drift is due; null where there are none. */
function staleAfter(spec: unknown): number | null {
  const interval = parseDuration(text(field(spec, "drift"), "interval", 40) ?? DRIFT_INTERVAL) ?? 0;
  return interval === 0 ? null : 2 * interval;
}

/**
 * Somebody has to change something before the next run, and none has told what is pending: what the database lacks for the
 * release that is wanted isn't known. The reason, or null.
 */
function whyUnknown(status: unknown): string | null {
  const stalled = conditionOf(status, "Stalled");
  if (field(stalled, "status") !== "True") return null;
  return redact(`${text(stalled, "reason", 63) ?? "Stalled"}: ${text(stalled, "message", 1_024) ?? ""}`, []);
}

function telemetryOf(status: unknown): Observed["telemetry"] {
  const telemetry = field(status, "telemetry");
  const available = field(telemetry, "available");
  if (typeof available !== "boolean") return { available: false, reason: "no run has told of it yet" };
  return { available, reason: redact(text(telemetry, "reason") ?? "", []) };
}

function runOf(run: unknown): ObservedRun | null {
  const status = field(run, "status") as RunStatus;
  if (!RUN_STATUSES.includes(status)) return null;
  return {
    id: text(run, "id", 36) ?? "",
    status,
    runner: text(run, "runner", 63) ?? "",
    source: text(run, "source"),
    host: text(run, "host", 253),
    startedAt: text(run, "startedAt", 40) ?? "",
    heartbeatAt: null,
    finishedAt: status === "RUNNING" ? null : text(run, "finishedAt", 40),
    lockWaitMs: count(run, "lockWaitMs"),
    versionBefore: text(run, "versionBefore", 255),
    versionAfter: text(run, "versionAfter", 255),
    applied: texts(run, "applied", MOST_NAMES),
    error: errorOf(field(run, "error")),
    blockers: list(run, "blockers", MOST_BLOCKERS).map(blockerOf),
  };
}

function errorOf(error: unknown): RunError | null {
  if (typeof error !== "object" || error === null) return null;
  return {
    code: text(error, "code", 63) ?? "",
    message: redact(text(error, "message", LONGEST_MESSAGE) ?? "", []),
    migration: text(error, "migration", 255),
  };
}

const blockerOf = (blocker: unknown): Blocker => ({
  pid: count(blocker, "pid"),
  user: text(blocker, "user"),
  application: text(blocker, "application"),
  state: text(blocker, "state"),
  transactionAge: text(blocker, "transactionAge"),
  relation: text(blocker, "relation"),
  mode: text(blocker, "mode"),
  preparedTransaction: text(blocker, "preparedTransaction"),
});

/** Of a type; undefined where it has none. */
export const conditionOf = (status: unknown, type: string): unknown =>
  list(status, "conditions", 16).find((condition) => field(condition, "type") === type);
