import { ApiError } from "./api/api.ts";
import type { Api } from "./api/api.ts";
import { aborted, pause } from "./clock.ts";
import type { Clock } from "./clock.ts";
import * as check from "./health/checks.ts";
import { startPulse } from "./health/pulse.ts";
import { serveHealth } from "./health/server.ts";
import { keyOf } from "./kubernetes/objects.ts";
import { lead } from "./leader/lead.ts";
import type { LeaseEnd } from "./leader/lead.ts";
import type { Leading } from "./leader/term.ts";
import type { Log } from "./log.ts";
import { Misconfigured } from "./misconfigured.ts";
import { Queue } from "./queue/queue.ts";
import { withResync } from "./queue/resync.ts";
import { checkRights } from "./rights.ts";
import type { Instruments } from "./metrics/instruments.ts";
import type { Settings } from "./settings.ts";
import { startCaches } from "./watch/caches.ts";
import type { Caches } from "./watch/caches.ts";
import { resourcesOf } from "./watch/gated.ts";

/** What a leader's work has of the world. */
export type World = {
  caches: Caches;
  leading: Leading;
  /** Has that resource looked at, as soon as a worker is free. */
  enqueue: (key: string) => void;
  /** Whether a resource is being looked at, or waits for it. */
  isBusy: () => boolean;
};

/** What is served of the operator, on every replica. */
export type OpsView = {
  caches: Caches;
  leads: () => boolean;
  queued: () => number;
  /** Calls with the key of each resource that something has changed for, until what it gives is called. */
  subscribe: (onChange: (key: string) => void) => () => void;
};

/** The leader's work: one look at one resource, and what goes on beside it. */
export type Reconciler = {
  reconcile(key: string): Promise<number | null>;
  /** Ends what goes on beside; gives up after `withinMs`. */
  close(withinMs: number): Promise<void>;
};

export type Deps = {
  api: Api;
  clock: Clock;
  log: Log;
  /** Ends it. */
  signal: AbortSignal;
  /** Called before anything is known. Throws Misconfigured when the port can't be had. */
  openOps: (view: OpsView) => Promise<AsyncDisposable>;
  instruments: Pick<Instruments, "watchRestarts">;
  /** Called when this process leads and the caches have what the cluster had then. */
  openReconciler: (world: World) => Promise<Reconciler>;
};

/** Within 10 s in all: the running reconciles, what goes on beside them, and the lease (2 s). */
const DRAIN_MS = 5_000;
const CLOSE_MS = 1_000;

/**
 * Runs the operator until the signal ends it: watches the cluster, serves its health, and works while it leads. Resolves
 * within 10 s after the signal, with the lease released; or with "lost" when somebody else may lead, and then the process
 * must end without a further act. Throws Misconfigured when the CRD, a right or the port is missing.
 */
export async function startOperator(
  settings: Pick<Settings, "namespaces" | "lease" | "concurrency" | "healthPort">,
  { api, clock, log, signal, openOps, instruments, openReconciler }: Deps,
): Promise<LeaseEnd> {
  const { namespaces, lease, concurrency, healthPort } = settings;
  let leading: Leading | null = null;
  const queue = new Queue({ clock, failed: (failed) => log.warn(failed, "reconcile failed") });
  const over = new AbortController();
  const watchers = new Set<(key: string) => void>();
  const subscribe: OpsView["subscribe"] = (onChange) => {
    watchers.add(onChange);
    return () => void watchers.delete(onChange);
  };
  const caches = startCaches({
    ...{ api, namespaces, signal: over.signal, now: clock.now },
    onChange(key) {
      // Who stands by keeps no list of what it doesn't do: whoever begins to lead looks at everything.
      if (leading !== null) queue.add(key);
      for (const tell of watchers) tell(key);
    },
    onRestart(kind, why, error) {
      instruments.watchRestarts.inc({ kind });
      log.info({ kind, why, error }, "watch begun again");
    },
  });
  const pulse = startPulse(clock);
  const live = [check.eventLoop(pulse), check.wallClock(pulse), check.leader(() => leading, clock)];
  const ready = [check.notStopping(signal), check.cachesSynced(caches), check.watchesFresh(caches, clock)];
  try {
    await using health = await serveHealth({ port: healthPort, checks: { "/healthz": live, "/readyz": ready } });
    log.info({ port: health.port }, "health is served");
    const leads = (): boolean => leading?.leads() ?? false;
    await using _ops = await openOps({ caches, leads, queued: () => queue.waiting, subscribe });

    const known = Promise.all([synced(caches), checkRights({ api, namespaces, clock, log, signal })]);
    await Promise.race([known, aborted(signal)]);
    if (signal.aborted) return "stopped";
    log.info({ resources: caches.migrations.size }, "caches are synced");

    return await lead({ api, clock, log, ...lease }, signal, async (term) => {
      leading = term;
      await Promise.race([caches.relist(), aborted(term.signal)]);
      if (term.signal.aborted) return;
      const reconciler = await openReconciler({
        ...{ caches, leading: term },
        enqueue: (key) => queue.add(key),
        isBusy: () => queue.running + queue.waiting > 0,
      });
      for (const migration of caches.migrations.values()) queue.addLow(keyOf(migration));
      for (const pod of caches.gated.values()) for (const key of resourcesOf(pod)) queue.addLow(key);
      const worker = withResync(reconciler.reconcile, (key) => caches.migrations.get(key) !== undefined);
      const drained = queue.run(worker, concurrency, term.signal);
      await aborted(term.signal);
      await Promise.race([drained, pause(clock, DRAIN_MS, over.signal)]);
      if (queue.running > 0) log.warn({ running: queue.running }, "stopping without waiting for what still runs");
      await reconciler.close(CLOSE_MS);
    });
  } finally {
    pulse.stop();
    over.abort();
  }
}

async function synced(caches: Caches): Promise<void> {
  try {
    await caches.synced;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new Misconfigured(error.message, "The chart lockkeeper brings the CRD and the rights of its version.", error);
  }
}
