/** DatabaseMigrations in each of the states that the dashboard tells apart, as the operator writes them. */
import type { Condition, Status, StatusRun } from "../../contract/resource/status.ts";
import type { GatedPod } from "../../operator/kubernetes/objects.ts";
import type { RawMigration } from "../../operator/watch/migration.ts";
import { GATE } from "../../contract/resource/names.ts";

const MINUTE = 60_000;
export const IMAGE = "ghcr.io/acme/web:1.4.2";
const VERSION = "0010_solid_watchtower";

export const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

type Said = Pick<Condition, "type" | "status" | "reason" | "message">;

let versions = 1;

/** Each is a new object with a newer resourceVersion, as from a watch. */
export function resource(namespace: string, name: string, status: Status = {}): RawMigration {
  return {
    metadata: {
      ...{ namespace, name, uid: `${namespace}-${name}`, resourceVersion: String(++versions), generation: 1 },
      creationTimestamp: ago(90 * 24 * 60 * MINUTE),
    },
    spec: { source: { image: { ref: IMAGE }, path: "/app/drizzle" }, drift: { interval: "6h" } },
    status,
  };
}

const conditions = (since: number, ...said: Said[]): Condition[] =>
  said.map((one) => ({ ...one, observedGeneration: 1, lastTransitionTime: ago(since) }));

let ids = 0;
export function run(status: StatusRun["status"], endedMsAgo: number, changes: Partial<StatusRun> = {}): StatusRun {
  const tookMs = 400 + ((ids * 977) % 4_000);
  const isOn = status === "RUNNING";
  const id = `0193a5e0-0000-7000-8000-${String(++ids).padStart(12, "0")}`;
  return {
    ...{ id, status, runner: "kubernetes-job", job: `web-5f0c-${ids}`, host: `web-5f0c-${ids}-x7k2p`, source: IMAGE },
    ...{ versionBefore: "0009_next", startedAt: ago(endedMsAgo + (isOn ? 0 : tookMs)), lockWaitMs: (ids * 37) % 300 },
    ...(isOn ? {} : { finishedAt: ago(endedMsAgo), versionAfter: VERSION, applied: [VERSION] }),
    ...changes,
  };
}

const common = (pending: string[], observedMsAgo = 5 * MINUTE): Status => ({
  observedGeneration: 1,
  source: { image: IMAGE, available: 11, digest: `sha256:${"0".repeat(64)}`, workloadGeneration: 7 },
  schema: {
    version: VERSION,
    applied: 11,
    pending: pending.length,
    pendingNames: pending,
    observedAt: ago(observedMsAgo),
  },
  telemetry: { available: true, reason: "" },
  database: { systemIdentifier: "7433961283347824640", name: "shop", oid: 16_384 },
});

const history = (): StatusRun[] =>
  [30, 170, 400, 900, 1_500, 2_900, 4_100].map((minutes) => run("SUCCESS", minutes * MINUTE));

export const applied = (): Status => ({
  ...common([]),
  conditions: conditions(30 * MINUTE, {
    ...{ type: "Ready", status: "True", reason: "Applied", message: `${VERSION}; 2 applied in 412 ms` },
  }),
  runs: [run("SUCCESS", 3 * 60 * MINUTE), ...history().slice(2)],
});

const progressing = (since: number, reason: string, message: string): Condition[] =>
  conditions(
    since,
    { type: "Ready", status: "False", reason, message },
    { type: "Reconciling", status: "True", reason, message },
  );

export const running = (message = "3 of 4: 0013_rest_days"): Status => ({
  ...common(["0013_rest_days"]),
  conditions: progressing(4_000, "Running", message),
  runs: [run("RUNNING", 4_000), ...history()],
});

export const blockedBy = (seconds: number): string =>
  `1 of 1: 0013_rest_days; waiting ${seconds} s for public.workouts, blocked by pid 4706 (web, idle in transaction for ${seconds + 3} s)`;

export const blocked = (message = blockedBy(4)): Status => ({
  ...common(["0013_rest_days"]),
  conditions: progressing(9_000, "WaitingForLock", message),
  runs: [run("RUNNING", 9_000), ...history()],
});

const BLOCKER = {
  ...{ pid: 812, user: "web", application: "web", state: "idle in transaction", transactionAge: "14m" },
  ...{ relation: "public.orders", mode: "AccessShareLock" },
};

export const lockTimeout = (): Status => {
  const message =
    "0042_add_index waited 41 s for public.orders in 9 tries; blocked by pid 812 (web, idle in transaction for 14m)";
  const failed = run("LOCK_TIMEOUT", 3 * MINUTE, {
    ...{ lockWaitMs: 41_000, applied: [], blockers: [BLOCKER], startedAt: ago(4 * MINUTE) },
    error: { code: "55P03", message: "canceling statement due to lock timeout", migration: "0042_add_index" },
  });
  return {
    ...common(["0042_add_index"]),
    conditions: conditions(
      3 * MINUTE,
      { type: "Ready", status: "False", reason: "LockTimeout", message },
      { type: "Stalled", status: "True", reason: "LockTimeout", message },
    ),
    runs: [failed, ...history()],
  };
};

export const failed = (message = 'relation "wrokouts" does not exist', migration = "0014_broken"): Status => {
  const said = `${migration}: ${message} (SQLSTATE 42P01)`;
  return {
    ...common([migration]),
    conditions: conditions(
      12 * MINUTE,
      { type: "Ready", status: "False", reason: "MigrationFailed", message: said },
      { type: "Stalled", status: "True", reason: "MigrationFailed", message: said },
    ),
    runs: [run("FAILED", 12 * MINUTE, { applied: [], error: { code: "42P01", message, migration } }), ...history()],
  };
};

export const paused = (): Status => ({
  ...common([]),
  conditions: conditions(300 * MINUTE, {
    ...{ type: "Ready", status: "False", reason: "Suspended" },
    message: `spec.suspend is true: ${IMAGE} isn't migrated until it is false`,
  }),
  runs: history().slice(3),
});

export const blind = (): Status => ({
  ...applied(),
  telemetry: { available: false, reason: "permission denied for schema lockkeeper" },
});

export const gatedPod = (namespace: string, name: string, waitsFor: string): GatedPod => ({
  metadata: {
    ...{ namespace, name, uid: name, resourceVersion: "1", creationTimestamp: ago(5 * MINUTE) },
    annotations: { [GATE]: waitsFor },
  },
  spec: { schedulingGates: [{ name: GATE }] },
});
