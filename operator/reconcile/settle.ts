/**
 * What ended runs prove. A run's outcome is folded into the ledger once: its release becomes Applied, waits for another
 * attempt, or is Failed for good; `runs` gets its last word; what the report says of the database is kept.
 */
import { formatDuration, parseDuration } from "../../contract/duration.ts";
import { REPORT_MAX_BYTES } from "../../contract/report-size.ts";
import type { Report } from "../../contract/report.ts";
import type { Reason } from "../../contract/resource/reason.ts";
import { KUBERNETES_JOB } from "../../contract/resource/names.ts";
import type { Release, StatusRun } from "../../contract/resource/status.ts";
import type { Outcome } from "../outcome/outcome.ts";
import { reasonOf } from "../outcome/reason-of.ts";
import { cut } from "./cut.ts";
import { learn } from "./learn.ts";
import { running, withRelease, withRun } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import type { Observed, ObservedJob } from "./observed.ts";

type Ended = Extract<Outcome, { is: "reported" | "lost" }>;

/** Why a run was in vain, and whether another one may do better. */
type Failed = { reason: Reason; retry: boolean; message: string };

export function settle(ledger: Ledger, observed: Observed): Ledger {
  const active = running(ledger);
  if (active === null) return ledger;
  const job = observed.jobs.find(({ name }) => name === active.job);
  if (job === undefined || !fits(job, active)) return ledger;
  const adopted = job.runId === active.runId ? ledger : adopt(ledger, active, job);
  const release = running(adopted);
  if (release === null || !hasEnded(job.outcome)) return adopted;
  return fold(adopted, release, { job, outcome: job.outcome }, observed);
}

/** Whether the Job was made for that release, by its annotations; its owner was compared when it was read. */
export const fits = (job: ObservedJob, release: Pick<Release, "key" | "epoch" | "attempt">): boolean =>
  job.key === release.key &&
  job.epoch === release.epoch &&
  job.attempt === release.attempt &&
  // It is written to the status, which the API server would refuse.
  job.runId.length <= LONGEST_ID &&
  job.command === "migrate";

const LONGEST_ID = 36;

export const hasEnded = (outcome: Outcome): outcome is Ended => outcome.is === "reported" || outcome.is === "lost";

/** The Job was there before the status that should have told of it was kept: its run has the id that the Job has. */
function adopt(ledger: Ledger, release: Release, job: ObservedJob): Ledger {
  const runs = ledger.runs.map((run) => (run.id === release.runId ? { ...run, id: job.runId } : run));
  return withRelease({ ...ledger, runs }, { ...release, runId: job.runId });
}

function fold(
  before: Ledger,
  release: Release,
  { job, outcome }: { job: ObservedJob; outcome: Ended },
  observed: Observed,
): Ledger {
  const { spec } = observed.migration;
  const ledger = withRun(before, runOf(release, job, outcome), spec.historyLimit);
  const seen = outcome.is === "reported" ? learn(ledger, outcome, release, observed.now) : ledger;
  // A report of an older epoch, or the first one of another database, tells what happened. It proves nothing.
  if (release.epoch !== ledger.epoch) return withRelease(seen, unproved(release));
  if (release.epoch !== seen.epoch) return withRelease(seen, elsewhere(release, observed));
  const failed = failureOf(outcome);
  if (failed === null && outcome.is === "reported") return withRelease(seen, applied(release, outcome.report));
  return withRelease(seen, unapplied(release, failed as Failed, { job, observed }));
}

/** Null for proof: the run's own report, exit 0, nothing pending, and migrating was not switched off. */
function failureOf(outcome: Ended): Failed | null {
  if (outcome.is === "lost") return outcome;
  const { report } = outcome;
  const isDone = report.outcome === "SUCCESS" || (report.outcome === "SKIPPED" && !report.disabled);
  if (report.exitCode === 0 && isDone && report.pendingCount === 0 && report.database !== null) return null;
  if (report.disabled) {
    return { reason: "Disabled", retry: false, message: "migrating is switched off in the run's environment" };
  }
  if (report.exitCode === 0) {
    const message = `the run says that it is done with ${report.pendingCount} migrations pending`;
    return { reason: "NoReport", retry: true, message };
  }
  return { ...reasonOf(report), message: report.error?.message ?? `the run ended with exit code ${report.exitCode}` };
}

function applied(release: Release, report: Report): Release {
  const { retryAt: _retryAt, ...rest } = release;
  const work =
    report.appliedCount === 0
      ? "nothing to do"
      : `${report.appliedCount} applied in ${formatDuration(report.durationMs)}`;
  const ahead = report.ahead === 0 ? "" : `; the database is ${report.ahead} ahead, by a newer release`;
  const version = report.versionAfter ?? "no migrations";
  return {
    ...rest,
    state: "Applied",
    version: cut(report.versionAfter ?? "", 255),
    failures: 0,
    reason: report.ahead === 0 ? "Applied" : "DatabaseAhead",
    message: cut(`${version}; ${work}${ahead}`, 1_024),
  };
}

function unapplied(
  release: Release,
  failed: Failed,
  { job, observed }: { job: ObservedJob; observed: Observed },
): Release {
  const { migration, now } = observed;
  const { retryAt: _retryAt, ...rest } = release;
  const { retry, source } = migration.spec;
  const failures = release.failures + 1;
  const copyIsChosen =
    failed.reason === "ImageVolumeUnsupported" && source.copy === "Auto" && release.copy !== "InitContainer";
  const told = { ...rest, failures, reason: failed.reason, message: cut(failed.message, 1_024) };
  // It ran by an older spec: the one that is there now has not been tried.
  if (job.generation > 0 && job.generation < migration.metadata.generation) {
    return { ...told, failures: 0, state: "Pending" };
  }
  if (copyIsChosen) return { ...told, state: "Pending", copy: "InitContainer" };
  if (!failed.retry || failures > retry.limit) return { ...told, state: "Failed" };
  // Not from the run's end: that time is the node's, and nobody says that its clock is right.
  return { ...told, state: "Pending", retryAt: new Date(now.getTime() + pauseOf(failures, retry)).toISOString() };
}

/** Doubles from `backoff` to `max`, in milliseconds. */
export function pauseOf(failures: number, retry: { backoff: string; max: string }): number {
  const first = parseDuration(retry.backoff) ?? 10_000;
  const longest = parseDuration(retry.max) ?? 600_000;
  return Math.min(longest, first * 2 ** Math.min(failures - 1, 30));
}

/** Another database answered than before. Once is a move; where two answer in turn, the runs for it come ever more seldom. */
function elsewhere(release: Release, { migration, now }: Observed): Release {
  const again = { ...unproved(release), failures: release.failures + 1 };
  if (release.failures === 0) return again;
  const retryAt = new Date(now.getTime() + pauseOf(release.failures, migration.spec.retry)).toISOString();
  const message = "another database answered than to the run before: two behind one address?";
  return { ...again, retryAt, reason: "DatabaseChanged", message };
}

function unproved(release: Release): Release {
  const { retryAt: _retryAt, reason: _reason, message: _message, ...rest } = release;
  return { ...rest, state: "Pending" };
}

function runOf(release: Release, job: ObservedJob, outcome: Ended): StatusRun {
  const common = {
    id: release.runId,
    runner: KUBERNETES_JOB,
    job: job.name,
    ...(outcome.pod === null ? {} : { host: outcome.pod }),
    source: release.image,
    startedAt: outcome.startedAt ?? job.createdAt,
    finishedAt: outcome.finishedAt,
  };
  if (outcome.is === "lost") {
    const error = { code: outcome.reason, message: cut(outcome.message, 1_024) };
    return { ...common, status: "FAILED", lockWaitMs: 0, applied: [], error, blockers: [] };
  }
  const { report } = outcome;
  return {
    ...common,
    status: report.outcome,
    versionBefore: cut(report.versionBefore ?? "", 255),
    versionAfter: cut(report.versionAfter ?? "", 255),
    lockWaitMs: report.lockWaitMs,
    applied: report.applied.slice(0, 100).map((name) => cut(name, 255)),
    ...(report.error === null ? {} : { error: asTold(report.error) }),
    blockers: report.blockers.slice(0, 10).map(asTold),
  };
}

/**
 * The API server drops nulls from a merge patch, in lists too: what is written is what is read again. Our runner's texts are
 * within the bound; one that isn't would have the whole status refused.
 */
const asTold = <T extends object>(told: T): T =>
  Object.fromEntries(
    Object.entries(told)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, typeof value === "string" ? cut(value, REPORT_MAX_BYTES) : value]),
  ) as T;
