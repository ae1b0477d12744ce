/** What the widget shows of an answer. Pure. */
import type { Alert, MigrationState, OpsPayload } from "../contract/ops.ts";

export type Tone = "ok" | "warning" | "critical" | "running" | "unknown";
export type Shown = { word: string; tone: Tone };

const WORDS: Record<OpsPayload["status"], Shown> = {
  ok: { word: "All is well", tone: "ok" },
  warning: { word: "Worth a look", tone: "warning" },
  critical: { word: "Needs attention", tone: "critical" },
};

export const overall = ({ status }: OpsPayload): Shown => WORDS[status];

export const alertsOf = ({ alerts }: OpsPayload, { namespace, name }: MigrationState): Alert[] =>
  alerts.filter((alert) => alert.namespace === namespace && alert.name === name);

/** Of one database: what is wrong, or what goes on, or that it is up to date. */
export function stateOf(migration: MigrationState, alerts: readonly Alert[]): Shown {
  if (alerts.some(({ severity }) => severity === "critical")) return { word: "Needs attention", tone: "critical" };
  if (migration.recentRuns[0]?.status === "RUNNING") return { word: "Running", tone: "running" };
  if (alerts.length > 0) return { word: "Worth a look", tone: "warning" };
  return migration.pendingCount > 0 ? { word: "Pending", tone: "warning" } : { word: "Up to date", tone: "ok" };
}

/** `SUCCESS 5 min ago, in 412 ms, 2 applied`; null where there is no run. */
export function lastRun({ recentRuns }: MigrationState, now: number): string | null {
  const [run] = recentRuns;
  if (run === undefined) return null;
  const ended = Date.parse(run.finishedAt ?? run.startedAt);
  const took = run.finishedAt === null ? NaN : ended - Date.parse(run.startedAt);
  const parts = [
    `${run.status}${Number.isNaN(ended) ? "" : ` ${age(now - ended)} ago`}`,
    Number.isNaN(took) ? "" : `in ${took < 1_000 ? `${took} ms` : age(took)}`,
    run.applied.length > 0 ? `${run.applied.length} applied` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** `40 s`, `12 min`, `3 h`, `2 d`. */
function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** Whether it is a payload, as far as it is shown: anything may answer at an address. */
export function isPayload(value: unknown): value is OpsPayload {
  const { status, alerts, migrations } = (value ?? {}) as Partial<OpsPayload>;
  if (typeof status !== "string" || !Object.hasOwn(WORDS, status)) return false;
  if (!Array.isArray(alerts) || !Array.isArray(migrations)) return false;
  return alerts.every((one) => typeof one?.message === "string") && migrations.every(isMigration);
}

const isMigration = (one: MigrationState | null): boolean =>
  typeof one?.name === "string" &&
  Array.isArray(one.pending) &&
  Array.isArray(one.recentRuns) &&
  one.recentRuns.every((run) => typeof run?.status === "string" && Array.isArray(run.applied));
