/** The check for drift between releases: a run in status mode, which gives way to every release. */
import { createHash } from "node:crypto";
import { parseDuration } from "../../contract/duration.ts";
import type { Ledger } from "./ledger.ts";
import { isProved } from "./ledger.ts";
import type { Observed } from "./observed.ts";
import { hasEnded, learn } from "./settle.ts";

/** In place of a release's key: names the Jobs and tags the reports of the checks. */
export const DRIFT_KEY = "drift";

/** Folds a check's end into the ledger. A check that couldn't look changes nothing but the time of the next one. */
export function settleDrift(ledger: Ledger, { jobs, target, now }: Observed): Ledger {
  const { drift } = ledger;
  if (drift === null || !drift.running) return ledger;
  const job = jobs.find(({ name }) => name === drift.job);
  if (job === undefined) return { ...ledger, drift: { ...drift, running: false, checkedAt: now.toISOString() } };
  if (!hasEnded(job.outcome)) return ledger;
  // By our own time: after a check on a node whose clock is behind the next one would be due at once.
  const ended = { ...ledger, drift: { ...drift, running: false, checkedAt: now.toISOString() } };
  if (job.outcome.is === "lost" || job.epoch !== ledger.epoch) return ended;
  const learnt = learn(ended, job.outcome, null, now);
  const wanted = target.is === "release" ? target.wanted : null;
  const { report } = job.outcome;
  // What is proved applied isn't any more: a restore that nobody told of. All proof is given anew.
  const isGone = wanted !== null && isProved(learnt, wanted.key) && report.database !== null && report.pendingCount > 0;
  return isGone ? { ...learnt, epoch: learnt.epoch + 1 } : learnt;
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
