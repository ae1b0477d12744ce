/** What is to be said of the resource: the first rule that has something to say. */
import { formatDuration } from "../../contract/duration.ts";
import type { Reason } from "../../contract/resource/reason.ts";
import type { Release } from "../../contract/resource/status.ts";
import { progressSentence } from "../progress/sentence.ts";
import { isProved, releaseOf, running } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import type { Observed } from "./observed.ts";
import { lacksImageVolumes, strays } from "./choose.ts";
import { fits, pauseOf } from "./settle.ts";

/**
 * `ready`: the newest release's migrations are applied. `progressing`: it goes on by itself. `stalled`: somebody has to
 * change something. `held`: somebody said that it shall wait.
 */
export type Verdict = { is: "ready" | "progressing" | "stalled" | "held"; reason: Reason; message: string };

type Rule = (ledger: Ledger, observed: Observed) => Verdict | null;

const RULES: Rule[] = [
  refused,
  conflicting,
  atWork,
  settling,
  withoutTarget,
  ready,
  failed,
  withoutImageVolumes,
  suspended,
  betweenTries,
  behindAnotherJob,
  aboutToStart,
];

export function verdictOf(ledger: Ledger, observed: Observed): Verdict {
  for (const rule of RULES) {
    const verdict = rule(ledger, observed);
    if (verdict !== null) return verdict;
  }
  throw new Error("no rule has anything to say: the last one always has");
}

function refused(ledger: Ledger, { refusal }: Observed): Verdict | null {
  if (refusal === null || running(ledger)?.job !== refusal.job) return null;
  const message = `the API server refused the Job ${refusal.job}: ${refusal.message}`;
  return refusal.cures ? progressing("JobNotCreated", message) : stalled("InvalidSpec", message);
}

function conflicting(ledger: Ledger, { foreign, jobs }: Observed): Verdict | null {
  const active = running(ledger);
  if (active === null) return null;
  const own = jobs.find(({ name }) => name === active.job);
  if (!foreign.has(active.job) && (own === undefined || fits(own, active))) return null;
  const message = `a Job ${active.job} is there that isn't of this resource and release; delete it, then the run starts`;
  return stalled("JobConflict", message);
}

function atWork(ledger: Ledger, { jobs, progress, now }: Observed): Verdict | null {
  const active = running(ledger);
  if (active === null) return null;
  const outcome = jobs.find(({ name }) => name === active.job)?.outcome;
  const about = `${active.image}, attempt ${active.attempt}`;
  // The same before its Job is created and after: it is no news that would be worth another write.
  const starting = progressing("Pending", `the Job ${active.job} is starting for ${about}`);
  if (outcome === undefined) return starting;
  if (outcome.is === "starting") {
    return outcome.reason === null ? starting : progressing(outcome.reason, outcome.message);
  }
  if (outcome.is === "running" && outcome.reason !== null) return progressing(outcome.reason, outcome.message);
  if (progress === null || progress.runId !== active.runId) return progressing("Running", `migrating to ${about}`);
  return { is: "progressing", ...progressSentence(progress, now.getTime()) };
}

/** A Deployment that is scaled would otherwise be ready, not ready and ready again within milliseconds. */
function settling(_ledger: Ledger, { settling: isSettling, migration }: Observed): Verdict | null {
  const { generation } = migration.metadata;
  const known = migration.status.conditions?.find(({ type }) => type === "Ready");
  if (!isSettling || known?.status !== "True" || known.observedGeneration !== generation) return null;
  return { is: "ready", reason: known.reason as Reason, message: known.message };
}

function withoutTarget(_ledger: Ledger, { target }: Observed): Verdict | null {
  if (target.is === "release") return null;
  return target.waits ? progressing(target.reason, target.message) : stalled(target.reason, target.message);
}

function ready(ledger: Ledger, { target }: Observed): Verdict | null {
  if (target.is !== "release" || !isProved(ledger, target.wanted.key)) return null;
  const release = releaseOf(ledger, target.wanted.key);
  if (release === null) return null;
  const now = ledger.schema?.version ?? release.version;
  if (now !== release.version && release.reason !== "DatabaseAhead") {
    const own = release.version === "" ? "it has no migrations" : `its migrations up to ${release.version} are applied`;
    return { is: "ready", reason: "DatabaseAhead", message: `${own}; a newer release brought the database to ${now}` };
  }
  const reason = release.reason === "DatabaseAhead" ? "DatabaseAhead" : "Applied";
  return { is: "ready", reason, message: release.message ?? release.version };
}

function failed(ledger: Ledger, observed: Observed): Verdict | null {
  const release = wantedRelease(ledger, observed);
  if (release?.state !== "Failed") return null;
  const tries = release.failures > 1 ? `; given up after ${release.failures} runs` : "";
  return stalled((release.reason ?? "RunnerFailed") as Reason, `${release.message ?? "the run failed"}${tries}`);
}

function withoutImageVolumes(_ledger: Ledger, observed: Observed): Verdict | null {
  if (!lacksImageVolumes(observed)) return null;
  const cure = "set spec.source.copy to InitContainer or Auto, or switch the feature gate ImageVolume on";
  return stalled("CopyUnsupported", `this API server has no image volumes: ${cure}`);
}

function suspended(_ledger: Ledger, { migration, target }: Observed): Verdict | null {
  if (!migration.spec.suspend) return null;
  const image = target.is === "release" ? target.wanted.image : "the next release";
  return {
    is: "held",
    reason: "Suspended",
    message: `spec.suspend is true: ${image} isn't migrated until it is false`,
  };
}

function betweenTries(ledger: Ledger, observed: Observed): Verdict | null {
  const release = wantedRelease(ledger, observed);
  if (release?.retryAt === undefined || release.reason === undefined) return null;
  if (Date.parse(release.retryAt) <= observed.now.getTime()) return null;
  const { retry } = observed.migration.spec;
  const pause = formatDuration(pauseOf(release.failures, retry));
  const again = `tried again after ${pause}, at ${release.retryAt} (${release.failures} of ${retry.limit})`;
  return progressing(release.reason as Reason, `${release.message ?? "the run failed"}; ${again}`);
}

function behindAnotherJob(ledger: Ledger, observed: Observed): Verdict | null {
  const stray = strays(ledger, observed)[0];
  return stray === undefined ? null : progressing("Pending", `waits until the Job ${stray.name} is gone`);
}

function aboutToStart(_ledger: Ledger, { target }: Observed): Verdict {
  const image = target.is === "release" ? target.wanted.image : "the release";
  return progressing("Pending", `a run for ${image} is about to start`);
}

function wantedRelease(ledger: Ledger, { target }: Observed): Release | null {
  return target.is === "release" ? releaseOf(ledger, target.wanted.key) : null;
}

const progressing = (reason: Reason, message: string): Verdict => ({ is: "progressing", reason, message });
const stalled = (reason: Reason, message: string): Verdict => ({ is: "stalled", reason, message });
