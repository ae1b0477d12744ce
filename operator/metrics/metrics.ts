import { collectDefaultMetrics, Gauge } from "prom-client";
import type { Registry } from "prom-client";
import type { Clock } from "../clock.ts";
import type { Caches } from "../watch/caches.ts";
import type { Instruments } from "./instruments.ts";
import { resourcesText } from "./resources.ts";

/** What is looked at when the metrics are asked for. */
export type Gauged = {
  caches: Pick<Caches, "migrations" | "gated" | "freshAt">;
  /** Whether this replica leads at this moment. */
  leads: () => boolean;
  /** How many resources wait to be looked at. */
  queued: () => number;
};

/** Twice a second would be often for a delay that matters; each look costs a little. */
const LOOP_DELAY_MS = 100;

/** What is looked at when it is asked for, into the register. */
export function registerGauges(
  register: Registry,
  { caches, leads, queued }: Gauged,
  clock: Pick<Clock, "now" | "wall">,
): void {
  const gauge = (name: string, help: string, value: () => number | null): void => {
    const made = new Gauge({
      ...{ name, help, registers: [] },
      collect() {
        const now = value();
        if (now === null) this.remove();
        else this.set(now);
      },
    });
    register.registerMetric(made);
  };
  gauge("lockkeeper_leader", "1 on the replica that leads.", () => Number(leads()));
  gauge("lockkeeper_queue_depth", "Resources that wait to be looked at.", queued);
  gauge(
    "lockkeeper_watch_last_heard_timestamp_seconds",
    "When the stalest of the watches last heard of the API server; absent before all have.",
    () => {
      const age = clock.now() - caches.freshAt();
      return Number.isFinite(age) ? (clock.wall() - age) / 1_000 : null;
    },
  );
}

/** Everything that `/metrics` tells, in Prometheus' text format. To be called once: the process itself is measured too. */
export function openMetrics(
  { register, runs }: Pick<Instruments, "register" | "runs">,
  gauged: Gauged,
  clock: Clock,
): () => Promise<{ contentType: string; body: Uint8Array<ArrayBuffer> }> {
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: LOOP_DELAY_MS });
  registerGauges(register, gauged, clock);
  return async () => {
    const own = await register.metrics();
    return { contentType: register.contentType, body: Buffer.from(`${own}${resourcesText(gauged.caches, runs)}`) };
  };
}
