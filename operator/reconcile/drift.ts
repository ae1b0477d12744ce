/** The check for drift between releases: a run in status mode, which gives way to every release. */
import { createHash } from "node:crypto";
import { parseDuration } from "../../contract/duration.ts";
import type { Reason } from "../../contract/resource/reason.ts";
import { reasonOf } from "../outcome/reason-of.ts";
import { cut } from "./cut.ts";
import type { Ledger } from "./ledger.ts";
import { isProved } from "./ledger.ts";
import type { Observed } from "./observed.ts";
import { learn } from "./learn.ts";
import { hasEnded } from "./settle.ts";

/** In place of a release's key: names the Jobs and tags the reports of the checks. */
export const DRIFT_KEY = "drift";

/** Folds a check's end into the ledger. One that couldn't look says so. */
export function settleDrift(ledger: Ledger, { jobs, target, refusal, now }: Observed): Ledger {
  const { drift } = ledger;
  if (drift === null || !drift.running) return ledger;
  const job = jobs.find(({ name }) => name === drift.job);
  if (job !== undefined && !hasEnded(job.outcome)) return ledger;
  // By our own time: after a check on a node whose clock is behind the next one would be due at once.
  const ended = { ...ledger, drift: { ...drift, running: false, checkedAt: now.toISOString() } };
  if (job === undefined) {
    if (refusal?.job !== drift.job) return ended;
    return blind(ended, {
      reason: "JobNotCreated",
      message: `the API server refused the Job ${drift.job}: ${refusal.message}`,
    });
  }
  const { outcome } = job;
  if (!hasEnded(outcome) || job.epoch !== ledger.epoch) return ended;
  if (outcome.is === "lost") return blind(ended, outcome);
  if (outcome.report.database === null) {
    const message = outcome.report.error?.message ?? `it ended with exit code ${outcome.report.exitCode}`;
    return blind(ended, { reason: reasonOf(outcome.report).reason, message });
  }
  const learnt = learn(ended, outcome, null, now);
  const wanted = target.is === "release" ? target.wanted : null;
  const { report } = outcome;
  // What is proved applied isn't any more: a restore that nobody told of. All proof is given anew.
  const isGone = wanted !== null && isProved(learnt, wanted.key) && report.pendingCount > 0;
  return isGone ? { ...learnt, epoch: learnt.epoch + 1 } : learnt;
}

/** A check couldn't look. Drift that is known stays known; that there is none isn't known any more. */
function blind(ledger: Ledger, { reason, message }: { reason: Reason; message: string }): Ledger {
  if (ledger.drifted?.status === "True") return ledger;
  const text = cut(`the last check for drift couldn't look: ${message}`, 1_024);
  return { ...ledger, drifted: { status: "Unknown", reason, message: text } };
}

/** When the next check is due, in milliseconds since 1970, or null for never. Spread over a tenth of the interval. */
export function driftDueAt(ledger: Ledger, { migration }: Pick<Observed, "migration">): number | null {
  const interval = parseDuration(migration.spec.drift.interval) ?? 0;
  const last = ledger.drift?.checkedAt ?? ledger.schema?.observedAt;
  if (interval === 0 || last === undefined) return null;
  const seen = Math.max(Date.parse(last), Date.parse(ledger.schema?.observedAt ?? last));
  return Math.floor(seen + interval * (1 + spread(migration.metadata.uid) / 10));
}

/** 0 to 1, always the same for a resource, so that a fleet's checks don't come all at once. */
const spread = (uid: string): number => createHash("sha256").update(uid).digest().readUInt32BE(0) / 2 ** 32;
