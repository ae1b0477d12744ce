/** What people ask for by a change of the resource: another try, or all proof given anew. */
import { RECHECK_ANNOTATION, RETRY_ANNOTATION } from "../../contract/resource/names.ts";
import type { Release } from "../../contract/resource/status.ts";
import { cut } from "./cut.ts";
import { running, withRelease } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import type { Observed } from "./observed.ts";
import { wantedReleases } from "./wanted.ts";

/** A new generation of the spec, or a value of the retry annotation that wasn't there before: what failed is tried again. */
export function handleRetry(ledger: Ledger, observed: Pick<Observed, "migration" | "jobs">): Ledger {
  const { metadata, status } = observed.migration;
  const value = cut(metadata.annotations[RETRY_ANNOTATION] ?? "", 253);
  const isNew = value !== "" && value !== ledger.lastHandledRetry;
  const isChanged = (status.observedGeneration ?? 0) < metadata.generation;
  if (!isNew && !isChanged) return ledger;
  const active = running(ledger);
  // Asked for while a run is on: it is for what comes after that run, should it fail.
  const isEarly = active !== null && !isStuck(active, observed.jobs);
  return {
    ...ledger,
    lastHandledRetry: isNew && !isEarly ? value : ledger.lastHandledRetry,
    releases: ledger.releases.map((release) => cleared(isStuck(release, observed.jobs) ? givenUp(release) : release)),
  };
}

/**
 * A run that can't begin, for a Secret that isn't there or an image that can't be pulled, is given up for what may cure
 * it: another release, a change of the spec, the retry annotation. Its Job is deleted. One that began is never stopped.
 */
export function giveUp(ledger: Ledger, observed: Pick<Observed, "target" | "gated" | "jobs">): Ledger {
  const active = running(ledger);
  const newest = wantedReleases(observed)[0];
  if (active === null || newest === undefined || newest.key === active.key) return ledger;
  return isStuck(active, observed.jobs) ? withRelease(ledger, givenUp(active)) : ledger;
}

function isStuck(release: Release, jobs: Observed["jobs"]): boolean {
  const outcome = jobs.find(({ name }) => name === release.job)?.outcome;
  return release.state === "Running" && outcome?.is === "starting" && outcome.reason !== null;
}

const givenUp = (release: Release): Release => ({ ...release, state: "Pending" });

function cleared(release: Release): Release {
  if (release.state !== "Failed" && release.state !== "Pending") return release;
  const { retryAt: _retryAt, copy: _copy, ...rest } = release;
  return { ...rest, state: "Pending", failures: 0 };
}

/** After a restore, say: all proof is withdrawn, and what is wanted is run again. */
export function handleRecheck(ledger: Ledger, { migration: { metadata } }: Pick<Observed, "migration">): Ledger {
  const value = cut(metadata.annotations[RECHECK_ANNOTATION] ?? "", 253);
  if (value === "" || value === ledger.lastHandledRecheck) return ledger;
  return { ...ledger, lastHandledRecheck: value, epoch: ledger.epoch + 1 };
}
