import type { Release, StatusRun } from "../../contract/resource/status.ts";
import type { RunOrder } from "../job/order.ts";
import { choose, strays } from "./choose.ts";
import { settleDrift } from "./drift.ts";
import { readLedger, running } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import type { Observed } from "./observed.ts";
import { giveUp, handleRecheck, handleRetry } from "./requests.ts";
import { hasEnded, settle } from "./settle.ts";
import { verdictOf } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** What is done in the cluster, once the status that tells of it is written. Each may be repeated without harm. */
export type Act =
  | { is: "createJob"; order: RunOrder }
  | { is: "deleteJob"; name: string; uid: string; why: string }
  /** The runner has ended and its pod goes on: a sidecar that nobody stops. */
  | { is: "deletePod"; name: string }
  | { is: "follow"; pod: string; runId: string };

export type Decision = {
  ledger: Ledger;
  verdict: Verdict;
  acts: Act[];
  /** Runs whose outcome is new in this decision: each is told by an event and a log line. */
  ended: StatusRun[];
  /** In how many milliseconds something is due that no event will tell; null for nothing. */
  again: number | null;
};

/** A Job that has no pod after this long has a reason that somebody should know. */
export const POD_EXPECTED_MS = 30_000;

/**
 * What is to be done and said, from what was seen. Pure: no I/O, no clock, no chance. The order is gate.md's: what ended,
 * what people asked for, what is wanted, what is started.
 */
export function decide(observed: Observed): Decision {
  const before = readLedger(observed.migration);
  const settled = settleDrift(settle(before, observed), observed);
  const asked = giveUp(handleRecheck(handleRetry(settled, observed), observed), observed);
  const chosen = choose(asked, observed);
  const ledger = forget(withRevision(chosen.ledger, observed), observed);
  return {
    ledger,
    verdict: verdictOf(ledger, observed),
    acts: [
      ...actsOf(ledger, observed),
      ...(chosen.start === null ? [] : [{ is: "createJob" as const, order: chosen.start }]),
    ],
    ended: endedOf(before, ledger),
    again: soonest([chosen.again, podDue(ledger, observed)]),
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
  const { key, revision, workloadGeneration, image } = target.wanted;
  const releases = ledger.releases.map((release) => (release.key === key ? { ...release, revision } : release));
  const source = ledger.source === null ? null : { ...ledger.source, image, workloadGeneration };
  return { ...ledger, releases, source };
}

/** Releases without a workload that are kept. */
const KEPT = 20;

/** Forgets proof that nobody can need any more: gate.md, step 12. */
function forget(ledger: Ledger, { live, target }: Observed): Ledger {
  const wanted = target.is === "release" ? target.wanted.key : null;
  const isKept = (release: Release, index: number): boolean =>
    release.state === "Running" || release.key === wanted || (live === null ? index < KEPT : live.has(release.key));
  return { ...ledger, releases: ledger.releases.filter(isKept) };
}

function endedOf(before: Ledger, after: Ledger): StatusRun[] {
  const open = new Set(before.runs.filter(({ status }) => status === "RUNNING").map(({ id }) => id));
  const known = new Set(before.runs.map(({ id }) => id));
  return after.runs.filter(({ id, status }) => status !== "RUNNING" && (open.has(id) || !known.has(id)));
}

/** When a Job without a pod has to be looked at again. */
function podDue(ledger: Ledger, { jobs, now }: Observed): number | null {
  const job = jobs.find(({ name }) => name === running(ledger)?.job);
  if (job?.outcome.is !== "starting" || job.outcome.pod !== null) return null;
  const due = Date.parse(job.createdAt) + POD_EXPECTED_MS - now.getTime();
  return due > 0 ? due + 100 : POD_EXPECTED_MS;
}

const soonest = (times: (number | null)[]): number | null => {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(0, Math.min(...known));
};
