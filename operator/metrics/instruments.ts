import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { VERSION } from "../../contract/version.ts";
import { openRunCounts } from "./run-counts.ts";

/** Everything that the operator counts where it happens. No label ever holds a run's id, a migration's name or a message. */
export type Instruments = ReturnType<typeof openInstruments>;

/** Kinds of objects that are watched, by which a watch's restarts are counted. */
const WATCHED = ["databasemigrations", "jobs", "pods", "deployments", "replicasets"];

const RUN_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 1_800, 3_600];
const WAIT_SECONDS = [0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];
const GATE_SECONDS = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];
const RECONCILE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

export function openInstruments() {
  const register = new Registry();
  const registers = [register];
  const instruments = {
    register,
    /** By resource: told by resources.ts, so that a deleted resource's go with it. */
    runs: openRunCounts(),
    runDuration: new Histogram({
      ...{ name: "lockkeeper_run_duration_seconds", registers, buckets: RUN_SECONDS, labelNames: ["outcome"] as const },
      help: "How long runs took from the start of their container to its end.",
    }),
    runLockWait: new Histogram({
      ...{ name: "lockkeeper_run_lock_wait_seconds", registers, buckets: WAIT_SECONDS },
      help: "How long runs waited for locks: the advisory one and those of relations.",
    }),
    gateWait: new Histogram({
      ...{ name: "lockkeeper_gate_wait_seconds", registers, buckets: GATE_SECONDS },
      help: "How long pods waited at the gate, from their creation to its opening.",
    }),
    reconciles: new Counter({
      ...{ name: "lockkeeper_reconciles_total", registers, labelNames: ["result"] as const },
      help: "Looks at a resource: ok, error, or conflict where somebody else wrote it meanwhile.",
    }),
    reconcileDuration: new Histogram({
      ...{ name: "lockkeeper_reconcile_duration_seconds", registers, buckets: RECONCILE_SECONDS },
      help: "How long one look at a resource took.",
    }),
    watchRestarts: new Counter({
      ...{ name: "lockkeeper_watch_restarts_total", registers, labelNames: ["kind"] as const },
      help: "Lists and watches that failed and were begun again.",
    }),
    apiRequests: new Counter({
      ...{ name: "lockkeeper_api_requests_total", registers, labelNames: ["method", "code"] as const },
      help: "Requests to the API server by its answer; none: it didn't answer.",
    }),
  };
  new Gauge({
    ...{ name: "lockkeeper_build_info", registers, labelNames: ["version"] as const },
    help: "Always 1; the version is the label.",
  }).set({ version: VERSION }, 1);
  // Without its beginning at 0 the first of a kind would be no increase.
  for (const result of ["ok", "error", "conflict"]) instruments.reconciles.inc({ result }, 0);
  for (const kind of WATCHED) instruments.watchRestarts.inc({ kind }, 0);
  for (const outcome of ["success", "skipped", "failed", "lock_timeout"]) instruments.runDuration.zero({ outcome });
  return instruments;
}
