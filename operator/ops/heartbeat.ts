import { readOutcome } from "../outcome/read-outcome.ts";
import { podOf, runOf } from "../outcome/run-of.ts";
import type { Caches } from "../watch/caches.ts";

/** Where the API server was heard of within this, what the caches say is true now: a quiet watch has a bookmark a minute. */
const TRUSTED_MS = 120_000;

export type Sight = {
  caches: Pick<Caches, "jobs" | "pods">;
  now: Date;
  /** How long ago the stalest of the watches heard of the API server, ms. */
  silentMs: number;
};

/** When a run that is said to be on was last known to be at work, and in which pod. */
export type Alive = { at: string | null; pod: string | null };

/**
 * A pod has no heartbeat that the operator could see: it is at work as long as its runner's container runs on a node that
 * answers, or is about to start as usual. One that has ended had its last then. Of one that can't start, was lost, or has no
 * Job, nothing is known; then its start counts. All of it is as old as what was last heard of the API server.
 */
export function aliveAt(namespace: string, job: string, { caches, now, silentMs }: Sight): Alive {
  const found = caches.jobs.get(`${namespace}/${job}`);
  if (found === undefined) return { at: null, pod: null };
  const outcome = readOutcome(found, podOf(found, caches), runOf(found), now);
  const seen = silentMs <= TRUSTED_MS ? now : new Date(now.getTime() - silentMs);
  switch (outcome.is) {
    case "starting":
    case "running":
      return { at: outcome.reason === null ? seen.toISOString() : null, pod: outcome.pod };
    case "reported":
      return { at: outcome.finishedAt, pod: outcome.pod };
    case "lost":
      return { at: null, pod: outcome.pod };
  }
}
