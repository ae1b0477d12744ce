import { expect } from "vitest";
import { statusViolations } from "../expect-valid-status.ts";
import { condition, latest, until } from "./stage.ts";
import type { Stage } from "./stage.ts";

export type Truth = {
  /** Ready's, `True Applied`, say; or Stalled's, as `Stalled MigrationFailed`. */
  is: string;
  /** What became of its runs, the oldest first. */
  runs: string[];
  /** Jobs that somebody deleted by hand: each may be made again. */
  lostJobs?: number;
  /** The nodes' clocks are not the API server's: then runs stand in their order, but their times don't. */
  nodesDiffer?: boolean;
  /** How long it may take, ms. */
  within?: number;
};

/**
 * Whatever went wrong: the resource comes to its true status, and was in no invalid one on the way; each attempt had one
 * Job, whose pod ran once, and no two Jobs could run at once.
 */
export async function expectTruth(stage: Stage, key: string, truth: Truth): Promise<void> {
  const { is, runs, lostJobs = 0, nodesDiffer = false, within = 150_000 } = truth;
  const seen = (): string => {
    const stalled = condition(stage, key, "Stalled");
    return stalled === "" ? condition(stage, key) : stalled.replace("True", "Stalled");
  };
  const say = (): string => `it is ${seen()}: ${JSON.stringify(latest(stage, key)?.status?.conditions)}`;
  await until(`${key} is ${is}`, () => seen() === is && isSettled(stage, key), { ms: within, say });
  const broken = (stage.states.get(key) ?? []).flatMap((state) =>
    state.status === undefined ? [] : statusViolations(state),
  );
  const counted = broken.filter((violation) => !nodesDiffer || !violation.includes("stands behind an older one"));
  expect(counted, `${key}: each status that it had`).toEqual([]);

  const { kubelet } = stage;
  const { uid } = latest(stage, key)?.metadata ?? {};
  const own = kubelet.runs.filter(({ owner }) => owner === uid);
  expect(
    own.filter(({ status }) => status !== null && status !== "KILLED").map(({ status }) => status),
    `${key}: what became of its runs`,
  ).toEqual(runs);
  const again = own.length - new Set(own.map(({ order }) => order)).size;
  expect(again, `${key}: Jobs of one attempt`).toBeLessThanOrEqual(lostJobs);
  expect(
    own.filter(({ pods }) => pods > 1),
    `${key}: pods that ran twice`,
  ).toEqual([]);
  expect(kubelet.overlaps.get(key) ?? [], `${key}: Jobs at once`).toEqual([]);
  const told = (latest(stage, key)?.status?.runs ?? []).map(({ id, status }) => `${id} ${status}`);
  for (const run of own.filter(({ status }) => status !== null && status !== "KILLED")) {
    expect(told, `${key}: its runs in status ${told.join()}`).toContain(`${run.runId} ${run.status}`);
  }
}

/** Whether the status speaks of the newest spec, and of no run that is on. */
function isSettled(stage: Stage, key: string): boolean {
  const { metadata, status } = latest(stage, key) ?? {};
  return (
    status?.observedGeneration === metadata?.generation &&
    (status?.releases ?? []).every(({ state }) => state !== "Running")
  );
}
