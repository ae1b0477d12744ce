import type { Reason } from "../../contract/resource/reason.ts";
import type { Release, StatusRun } from "../../contract/resource/status.ts";
import { gatesOf } from "../gate/gate.ts";
import type { Held, PodRef } from "../gate/gate.ts";
import type { RunOrder } from "../job/order.ts";
import { POD_EXPECTED_MS } from "../outcome/read-outcome.ts";
import { choose, sourceNow, strays } from "./choose.ts";
import { settleDrift } from "./drift.ts";
import { isProved, readLedger, running } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import type { Observed } from "./observed.ts";
import { giveUp, handleRecheck, handleRetry } from "./requests.ts";
import { hasEnded, settle } from "./settle.ts";
import { verdictOf } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";
import { wantedReleases } from "./wanted.ts";

/** What is done in the cluster, once the status that tells of it is written. Each may be repeated without harm. */
export type Act =
  | { is: "createJob"; order: RunOrder }
  | { is: "deleteJob"; name: string; uid: string; why: string }
  /** The runner has ended and its pod goes on: a sidecar that nobody stops. */
  | { is: "deletePod"; name: string }
  | { is: "follow"; pod: string; runId: string }
  /** Takes our gate away: what these pods need is proved, and written. */
  | { is: "open"; pods: PodRef[] };

export type Decision = {
  ledger: Ledger;
  verdict: Verdict;
  acts: Act[];
  /** Pods that stay at the gate, and why. */
  held: Held[];
  /** Runs whose outcome is new in this decision: each is told by an event and a log line. */
  ended: StatusRun[];
  /** In how many milliseconds something is due that no event will tell; null for nothing. */
  again: number | null;
};

/** The code of a run that was given up. */
export const GIVEN_UP = "Cancelled" satisfies Reason;

/** How long a Deployment's controller may take for a new generation before that is told, ms. */
export const SETTLE_MS = 2_000;

/**
 * What is to be done and said, from what was seen. Pure: no I/O, no clock, no chance. The order is gate.md's: what ended,
 * what people asked for, what is wanted, what is started.
 */
export function decide(observed: Observed): Decision {
  const before = readLedger(observed.migration);
  const settled = settleDrift(settle(before, observed), observed);
  const asked = giveUp(handleRecheck(handleRetry(settled, observed), observed), observed);
  const chosen = choose(asked, observed);
  const ledger = closeRuns(forget(withRevision(chosen.ledger, observed), observed), observed);
  const verdict = verdictOf(ledger, observed);
  const gates = gatesOf(ledger, observed.gated, { name: observed.migration.metadata.name, ...verdict });
  return {
    ledger,
    verdict,
    held: gates.held,
    acts: [
      // First: pods wait for it.
      ...(gates.open.length === 0 ? [] : [{ is: "open" as const, pods: gates.open }]),
      ...actsOf(ledger, observed),
      ...(chosen.start === null ? [] : [{ is: "createJob" as const, order: chosen.start }]),
    ],
    ended: endedOf(before, ledger),
    again: soonest([chosen.again, podDue(ledger, observed), observed.settling ? SETTLE_MS : null]),
  };
}

function actsOf(ledger: Ledger, observed: Observed): Act[] {
  const acts: Act[] = [];
  for (const { name, uid, isDeleting } of strays(ledger, observed)) {
    if (!isDeleting) acts.push({ is: "deleteJob", name, uid, why: "its run is no longer wanted" });
  }
  for (const { outcome, sidecars } of observed.jobs) {
    if (hasEnded(outcome) && sidecars && outcome.pod !== null) acts.push({ is: "deletePod", name: outcome.pod });
  }
  const active = running(ledger);
  const outcome = observed.jobs.find(({ name }) => name === active?.job)?.outcome;
  if (active !== null && outcome?.is === "running") acts.push({ is: "follow", pod: outcome.pod, runId: active.runId });
  return acts;
}

/** An undo gives an old ReplicaSet a new revision: its proof goes on under the same key. */
function withRevision(ledger: Ledger, { target }: Observed): Ledger {
  if (target.is !== "release") return ledger;
  const { key, revision } = target.wanted;
  const releases = ledger.releases.map((release) => (release.key === key ? { ...release, revision } : release));
  const source = ledger.source === null ? null : sourceNow(ledger, target.wanted);
  // What is pending for a release that was undone isn't for the one that is wanted now.
  const isUndone = ledger.schema !== null && ledger.schema.pending > 0 && isProved(ledger, key);
  const schema =
    isUndone && ledger.schema !== null ? { ...ledger.schema, pending: 0, pendingNames: [] } : ledger.schema;
  return { ...ledger, releases, source, schema };
}

/** Releases that are kept whatever became of their ReplicaSets: a Deployment may be gone for a moment, or be seen before them. */
const KEPT = 20;
/** Together with the bounds of each it keeps the status far from what the API server's store takes. */
const MOST_KEPT = 100;

/** Forgets proof that nobody can need any more: gate.md, step 12. */
function forget(ledger: Ledger, observed: Observed): Ledger {
  const { live } = observed;
  const wanted = new Set(wantedReleases(observed).map(({ key }) => key));
  const isKept = (release: Release, index: number): boolean =>
    release.state === "Running" ||
    wanted.has(release.key) ||
    index < KEPT ||
    (index < MOST_KEPT && live !== null && live.has(release.key));
  return { ...ledger, releases: ledger.releases.filter(isKept) };
}

/**
 * A run that was begun and isn't the one that is on was given up, mostly because it couldn't begin: it gets a last word. At
 * most historyLimit runs are kept, and no more of them than there is room for.
 */
function closeRuns(ledger: Ledger, { migration, now }: Observed): Ledger {
  const active = running(ledger)?.runId;
  const closed = ledger.runs.map((run) => (run.status === "RUNNING" && run.id !== active ? givenUp(run, now) : run));
  return { ...ledger, runs: withRoom(closed.slice(0, migration.spec.historyLimit)) };
}

const givenUp = (run: StatusRun, now: Date): StatusRun => ({
  ...run,
  status: "SKIPPED",
  finishedAt: now.toISOString(),
  error: { code: GIVEN_UP, message: "given up: it hadn't begun, and something else was asked for" },
});

/** Characters of all runs' JSON. etcd takes 1.5 MB an object, in which each may be six bytes. */
const RUNS_ROOM = 150_000;
/** So many fit, however large: a report has at most 4,096 bytes. */
const ALWAYS_FIT = 20;

/** The newest runs, as far as there is room. */
function withRoom(runs: StatusRun[]): StatusRun[] {
  if (runs.length <= ALWAYS_FIT) return runs;
  let room = RUNS_ROOM;
  const end = runs.findIndex((run) => (room -= JSON.stringify(run).length) < 0);
  return end === -1 ? runs : runs.slice(0, Math.max(end, ALWAYS_FIT));
}

function endedOf(before: Ledger, after: Ledger): StatusRun[] {
  const open = new Set(before.runs.filter(({ status }) => status === "RUNNING").map(({ id }) => id));
  const known = new Set(before.runs.map(({ id }) => id));
  return after.runs.filter(({ id, status }) => status !== "RUNNING" && (open.has(id) || !known.has(id)));
}

/** When a Job without a pod has to be looked at again. */
function podDue(ledger: Ledger, { jobs, now }: Observed): number | null {
  const job = jobs.find(({ name }) => name === running(ledger)?.job);
  if (job?.outcome.is !== "starting") return null;
  // That its volumes can't be had, no event tells either.
  if (job.outcome.pod !== null) return job.outcome.reason === null ? POD_EXPECTED_MS : null;
  const due = Date.parse(job.createdAt) + POD_EXPECTED_MS - now.getTime();
  return due > 0 ? due + 100 : POD_EXPECTED_MS;
}

const soonest = (times: (number | null)[]): number | null => {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(0, Math.min(...known));
};
