/** What is to be started now, if anything. Never two Jobs of one resource at once. */
import { KUBERNETES_JOB } from "../../contract/resource/names.ts";
import type { DriftCheck, Release } from "../../contract/resource/status.ts";
import { jobName } from "../job/job-name.ts";
import type { Copy, RunOrder, RunSource } from "../job/order.ts";
import type { Wanted } from "../release/target.ts";
import { cut } from "./cut.ts";
import { DRIFT_KEY, driftDueAt } from "./drift.ts";
import { isProved, releaseOf, running, withRelease, withRun } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import type { Observed, ObservedJob } from "./observed.ts";
import { hasEnded, pauseOf } from "./settle.ts";
import { wantedReleases } from "./wanted.ts";

/** What a decision starts, and the ledger that has to be written before. */
export type Choice = { ledger: Ledger; start: RunOrder | null; again: number | null };

export function choose(ledger: Ledger, observed: Observed): Choice {
  const active = running(ledger);
  const nothing = { ledger, start: null, again: null };
  if (active !== null) return restart(ledger, active, observed);
  if (observed.migration.spec.suspend || strays(ledger, observed).length > 0) return nothing;
  const isOpen = ({ key }: Wanted): boolean => !isProved(ledger, key) && releaseOf(ledger, key)?.state !== "Failed";
  const next = wantedReleases(observed).find(isOpen);
  if (next !== undefined) return startRelease(ledger, next, observed);
  if (observed.target.is !== "release" || !isProved(ledger, observed.target.wanted.key)) return nothing;
  return startDrift(ledger, observed.target.wanted, observed);
}

/**
 * Jobs of ours that run and should not: of a release that was given up, of a check that gives way, of a status that was
 * lost. They are deleted, and nothing is started until they are gone.
 */
export function strays(ledger: Ledger, { jobs }: Pick<Observed, "jobs">): ObservedJob[] {
  const active = running(ledger)?.job;
  const check = ledger.drift?.running === true ? ledger.drift.job : undefined;
  return jobs.filter((job) => mayRun(job) && job.name !== active && job.name !== check);
}

/**
 * One that is judged lost may still begin: an image volume that can't be mounted is tried for ever, and of a Job that is
 * being deleted there may be a pod that isn't known yet, until the Job itself is gone.
 */
const mayRun = ({ outcome, isDeleting }: ObservedJob): boolean => {
  if (!hasEnded(outcome)) return true;
  return outcome.is === "lost" && (outcome.lingers === true || (isDeleting && outcome.pod === null));
};

/** `Running` without a Job: the operator died before it made it, or somebody deleted it. The same one again. */
function restart(ledger: Ledger, active: Release, observed: Observed): Choice {
  const nothing = { ledger, start: null, again: null };
  const isThere = observed.jobs.some(({ name }) => name === active.job);
  // Whether it is still wanted is about to be known.
  if (isThere || observed.settling || strays(ledger, observed).length > 0) return nothing;
  const wanted = wantedReleases(observed).find(({ key }) => key === active.key);
  // Nobody waits for it any more, its source is gone, or nothing may be started: it isn't made again.
  if (observed.migration.spec.suspend || wanted === undefined) {
    return { ...nothing, ledger: withRelease(ledger, { ...active, state: "Pending" }), again: 0 };
  }
  return { ...nothing, start: orderOf(active, wanted, observed) };
}

function startRelease(ledger: Ledger, wanted: Wanted, observed: Observed): Choice {
  if (ledger.drift?.running === true)
    return { ledger: withDriftStopped(ledger, ledger.drift), start: null, again: null };
  const known = releaseOf(ledger, wanted.key);
  if (lacksImageVolumes(observed)) return { ledger, start: null, again: null };
  const now = observed.now.getTime();
  const pause = known === null ? 0 : pauseOf(known.failures, observed.migration.spec.retry);
  const wait = known?.retryAt === undefined ? 0 : Date.parse(known.retryAt) - now;
  // Further off than a whole pause: by another clock. Counted anew, once.
  if (known !== null && wait > pause) {
    const retryAt = new Date(now + pause).toISOString();
    return { ledger: withRelease(ledger, { ...known, retryAt }), start: null, again: pause };
  }
  if (wait > 0) return { ledger, start: null, again: wait };
  const { retryAt: _retryAt, ...rest } = known ?? FRESH;
  const attempt = Math.max(rest.attempt, ...attemptsOf(wanted.key, observed)) + 1;
  const { epoch } = ledger;
  const release: Release = {
    ...rest,
    key: wanted.key,
    revision: wanted.revision,
    image: imageOf(wanted),
    state: "Running",
    epoch,
    attempt,
    job: jobName(observed.migration.metadata.name, wanted.key, epoch, attempt),
    runId: observed.freshId,
    ...(wanted.from === "image" ? { copy: copyOf(observed, known) } : {}),
  };
  const started = withRelease(ledger, release);
  const source = sourceNow(ledger, wanted);
  const run = {
    id: release.runId,
    status: "RUNNING" as const,
    runner: KUBERNETES_JOB,
    job: release.job,
    source: release.image,
    startedAt: observed.now.toISOString(),
  };
  return {
    ledger: withRun({ ...started, source }, run, observed.migration.spec.historyLimit),
    start: orderOf(release, wanted, observed),
    again: null,
  };
}

const FRESH: Pick<Release, "version" | "attempt" | "failures" | "retryAt"> = { version: "", attempt: 0, failures: 0 };

/** What the status says of the source: what a run saw of another image isn't true of this one. */
export function sourceNow({ source }: Ledger, wanted: Wanted): NonNullable<Ledger["source"]> {
  const { workloadGeneration } = wanted;
  const image = imageOf(wanted);
  if (source?.image !== image) return { image, available: 0, digest: "", workloadGeneration };
  return { ...source, workloadGeneration };
}

/** As the status may tell it; Kubernetes doesn't bound what stands in a pod template. */
export const imageOf = ({ image }: Wanted): string => cut(image, 512);

/**
 * Of the Jobs that are still there. The ledger knows them all, unless it was lost or the release forgotten: an old Job's
 * end would be taken for the new run's.
 */
const attemptsOf = (key: string, { jobs }: Observed): number[] =>
  jobs.filter((job) => job.key === key && Number.isSafeInteger(job.attempt)).map(({ attempt }) => attempt);

/** A check gives way to a release: its Job is deleted as a stray, and its time comes again. */
const withDriftStopped = (ledger: Ledger, drift: DriftCheck): Ledger => ({
  ...ledger,
  drift: { ...drift, running: false },
});

function startDrift(ledger: Ledger, wanted: Wanted, observed: Observed): Choice {
  const dueAt = driftDueAt(ledger, observed);
  if (dueAt === null || ledger.drift?.running === true) return { ledger, start: null, again: null };
  const wait = dueAt - observed.now.getTime();
  if (wait > 0) return { ledger, start: null, again: wait };
  const number = Math.max(ledger.drift?.number ?? 0, ...attemptsOf(DRIFT_KEY, observed)) + 1;
  const { name, uid } = observed.migration.metadata;
  const job = jobName(name, `${DRIFT_KEY} of ${uid}`, ledger.epoch, number);
  const drift = { ...ledger.drift, number, running: true, job, runId: observed.freshId };
  const order: RunOrder = {
    migration: observed.migration,
    command: "status",
    job,
    runId: observed.freshId,
    key: DRIFT_KEY,
    epoch: ledger.epoch,
    attempt: number,
    source: sourceOf(wanted, observed, releaseOf(ledger, wanted.key)?.copy),
    template: wanted.template,
  };
  return { ledger: { ...ledger, drift }, start: order, again: null };
}

const orderOf = (release: Release, wanted: Wanted, observed: Observed): RunOrder => ({
  migration: observed.migration,
  command: "migrate",
  job: release.job,
  runId: release.runId,
  key: release.key,
  epoch: release.epoch,
  attempt: release.attempt,
  source: sourceOf(wanted, observed, release.copy),
  template: wanted.template,
});

function sourceOf(wanted: Wanted, observed: Observed, copy: Copy | undefined): RunSource {
  if (wanted.from === "configMap") return { from: "configMap", name: wanted.image };
  const pullPolicy = observed.migration.spec.source.image?.pullPolicy ?? "IfNotPresent";
  return { from: "image", image: wanted.image, pullPolicy, copy: copy ?? copyOf(observed, null) };
}

/** The way that the spec demands isn't there: the API server would drop the volume, and the run would find no files. */
export const lacksImageVolumes = ({ migration, imageVolumes }: Observed): boolean =>
  !imageVolumes && migration.spec.source.configMap === undefined && migration.spec.source.copy === "ImageVolume";

/** How the files leave the image: as the spec says; by itself, as a volume wherever that was not refused before. */
function copyOf({ migration, imageVolumes }: Observed, known: Release | null): Copy {
  const { copy } = migration.spec.source;
  if (copy !== "Auto") return copy;
  return known?.copy ?? (imageVolumes ? "ImageVolume" : "InitContainer");
}
