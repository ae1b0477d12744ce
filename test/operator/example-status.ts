import type { Status } from "../../contract/resource/status.ts";

/** The status of a release that is applied, with every field that a status can have. */
export function exampleStatus(startedAt: Date): Status {
  const time = startedAt.toISOString();
  const runId = "0193a5e0-0000-7000-8000-000000000000";
  const image = "ghcr.io/acme/web:1.4.2";
  const version = "0010_solid_watchtower";
  const blocker = {
    ...{ pid: 812, user: "web", application: "web", state: "idle in transaction", transactionAge: "4m" },
    ...{ relation: "public.workouts", mode: "AccessShareLock", preparedTransaction: null },
  };
  const condition = { observedGeneration: 1, lastTransitionTime: time };
  return {
    observedGeneration: 1,
    conditions: [
      {
        ...{ type: "Ready", status: "True", reason: "Applied" },
        message: `${version}; 2 applied in 412 ms`,
        ...condition,
      },
      { ...{ type: "Drifted", status: "False", reason: "InSync", message: "as the source says" }, ...condition },
    ],
    source: { image, available: 11, digest: `sha256:${"0".repeat(64)}`, workloadGeneration: 7 },
    schema: { version, applied: 11, pending: 0, pendingNames: [], observedAt: time },
    telemetry: { available: true, reason: "" },
    epoch: 1,
    lastHandledRetry: "",
    lastHandledRecheck: "",
    database: { systemIdentifier: "7433961283347824640", name: "shop", oid: 16_384 },
    releases: [
      {
        ...{
          key: "5f0c",
          revision: 7,
          image,
          version,
          state: "Applied",
          epoch: 1,
          attempt: 2,
          job: "web-5f0c-2",
          runId,
        },
        ...{ copy: "ImageVolume", failures: 1, retryAt: time, reason: "LockTimeout", message: "waited for a lock" },
      },
    ],
    drift: { number: 3, running: false, job: "web-drift-3", runId, checkedAt: time },
    runs: [
      {
        ...{ id: runId, status: "SUCCESS", runner: "kubernetes-job", job: "web-5f0c-2", host: "web-5f0c-2-x7k2p" },
        ...{ source: image, versionBefore: "0008_old", versionAfter: version, startedAt: time, finishedAt: time },
        ...{ lockWaitMs: 12, applied: ["0009_next", version], error: null, blockers: [] },
      },
      {
        ...{ id: runId, status: "LOCK_TIMEOUT", runner: "kubernetes-job", startedAt: time },
        error: { code: "55P03", message: "canceling statement due to lock timeout", migration: null },
        blockers: [blocker],
      },
    ],
  };
}
