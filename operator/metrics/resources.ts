import { keyOf } from "../kubernetes/objects.ts";
import type { GatedPod } from "../kubernetes/objects.ts";
import type { Caches } from "../watch/caches.ts";
import { factsOf } from "./resource-facts.ts";
import type { ResourceFacts } from "./resource-facts.ts";
import { OUTCOMES } from "./run-counts.ts";
import type { RunCounts, RunOutcome } from "./run-counts.ts";

type Seen = { facts: ResourceFacts; gated: GatedPod[]; runs: (outcome: RunOutcome) => number };

/** A resource's number; null for a series that isn't there now. */
type Value = number | null;
type Told = { type: "gauge" | "counter"; help: string } & (
  | { of: (seen: Seen) => Value }
  | { byOutcome: (seen: Seen, outcome: RunOutcome) => Value }
);

const gauge = (help: string, of: (seen: Seen) => Value | boolean): Told => ({
  ...{ type: "gauge", help },
  of: (seen) => {
    const value = of(seen);
    return typeof value === "boolean" ? Number(value) : value;
  },
});

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000);

/** What is told of each resource, by name and namespace. */
export const RESOURCE_METRICS = {
  lockkeeper_migrations_pending: gauge("Migrations that the last look found pending.", ({ facts }) => facts.pending),
  lockkeeper_pending_since_timestamp_seconds: gauge(
    "Since when migrations are pending; absent where none are.",
    ({ facts }) => seconds(facts.pendingSince),
  ),
  lockkeeper_ready: gauge("1 where the newest release's migrations are applied.", ({ facts }) => facts.ready),
  lockkeeper_stalled: gauge("1 where somebody has to change something.", ({ facts }) => facts.stalled),
  lockkeeper_suspended: gauge("1 where spec.suspend holds runs back.", ({ facts }) => facts.suspended),
  lockkeeper_drifted: gauge("1 where history and source disagree.", ({ facts }) => facts.drifted),
  lockkeeper_telemetry_available: gauge(
    "1 where runs are logged in the database; absent before the first run, and where spec.runLog is off.",
    ({ facts }) => facts.telemetryAvailable,
  ),
  lockkeeper_gated_pods: gauge("Pods that wait at the gate.", ({ gated }) => gated.length),
  lockkeeper_gate_waiting_since_timestamp_seconds: gauge(
    "When the oldest pod at the gate was created; absent where none waits.",
    ({ gated }) => seconds(oldest(gated)),
  ),
  lockkeeper_run_started_timestamp_seconds: gauge(
    "When the run that is on was started; absent where none is.",
    ({ facts }) => seconds(facts.runStarted),
  ),
  lockkeeper_run_timeout_seconds: gauge(
    "How long a run may take: spec.timeouts.run; absent without a limit.",
    ({ facts }) => seconds(facts.runTimeout),
  ),
  lockkeeper_last_success_timestamp_seconds: gauge(
    "When a run last ended with nothing left to do; absent where none is known.",
    ({ facts }) => seconds(facts.lastSuccess),
  ),
  lockkeeper_last_run_timestamp_seconds: {
    ...{ type: "gauge", help: "When the newest run of that outcome ended; absent where none is known." },
    byOutcome: ({ facts }, outcome) => seconds(facts.lastRun[outcome]),
  },
  lockkeeper_runs_total: {
    ...{ type: "counter", help: "Runs that ended, by outcome, as this replica saw to them." },
    byOutcome: ({ runs }, outcome) => runs(outcome),
  },
  lockkeeper_lock_timeouts_total: {
    ...{ type: "counter", help: "Runs that ended because a lock couldn't be had in time." },
    of: ({ runs }) => runs("lock_timeout"),
  },
} as const satisfies Record<string, Told>;

/**
 * All of them, in Prometheus' text format: made from the caches when they are asked for, so that a resource that is gone
 * has no series. Written here and not by prom-client, which would keep an object per series and take ten times as long.
 */
export function resourcesText({ migrations, gated }: Pick<Caches, "migrations" | "gated">, runs: RunCounts): string {
  const metrics = Object.entries<Told>(RESOURCE_METRICS).map(([name, told]) => ({ name, told, lines: [] as string[] }));
  for (const raw of migrations.values()) {
    const key = keyOf(raw);
    const { namespace, name: resource } = raw.metadata;
    const labels = `namespace="${escape(namespace)}",name="${escape(resource)}"`;
    const seen = {
      facts: factsOf(raw),
      gated: gated.by("resource", key),
      runs: (one: RunOutcome) => runs.of(key, one),
    };
    for (const { name, told, lines } of metrics) {
      if ("of" in told) {
        const value = told.of(seen);
        if (value !== null) lines.push(`${name}{${labels}} ${value}`);
        continue;
      }
      for (const outcome of OUTCOMES) {
        const value = told.byOutcome(seen, outcome);
        if (value !== null) lines.push(`${name}{${labels},outcome="${outcome}"} ${value}`);
      }
    }
  }
  return metrics
    .map(({ name, told, lines }) => [`# HELP ${name} ${told.help}`, `# TYPE ${name} ${told.type}`, ...lines, ""])
    .map((lines) => lines.join("\n"))
    .join("");
}

/** Kubernetes lets no such character into a name; a label would end at it. */
const escape = (text: string): string => text.replaceAll(/["\\\n]/g, "_");

function oldest(pods: readonly GatedPod[]): number | null {
  const times = pods.map(({ metadata }) => Date.parse(metadata.creationTimestamp)).filter((at) => !Number.isNaN(at));
  return times.length === 0 ? null : Math.min(...times);
}
