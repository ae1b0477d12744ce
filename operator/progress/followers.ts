import type { Api } from "../api/api.ts";
import type { Cancel, Clock } from "../clock.ts";
import { follow } from "./follow.ts";
import type { FollowedPod } from "./follow.ts";
import type { Progress } from "./progress.ts";

/** Each is a connection of its own: the others wait for a place, and most runs end before. */
const MOST = 50;
/** A run that is over sooner needs no progress. */
const DELAY_MS = 1_000;

export type Followers = {
  /** Follows that run's pod from a second from now on. Nothing happens if it already does; another pod takes its place. */
  start(runId: string, pod: FollowedPod): void;
  stop(runId: string): void;
  stopAll(): void;
  /** What was read last; null before the first line. */
  get(runId: string): Progress | null;
  readonly size: number;
};

export type FollowersOptions = {
  api: Api;
  /** Called at most once a second for a run: its resource is to be looked at again. */
  onProgress: (runId: string, pod: FollowedPod) => void;
  log: { warn(keys: Record<string, unknown>, text: string): void };
  clock: Clock;
  delayMs?: number;
  most?: number;
};

type Follower = { pod: FollowedPod; stop: AbortController; progress: Progress | null; due: Cancel };

/** The runs that are on, and how far each is. One pod is read by one connection at most, all of them by `most`. */
export function openFollowers(options: FollowersOptions): Followers {
  const { api, log, clock, delayMs = DELAY_MS, most = MOST } = options;
  const followers = new Map<string, Follower>();
  const waiting = new Set<string>();
  let reading = 0;
  let toldForbidden = false;

  const read = async (runId: string, follower: Follower): Promise<void> => {
    const { pod, stop } = follower;
    reading++;
    const end = await follow(api, pod, {
      runId,
      signal: stop.signal,
      clock,
      onProgress(progress) {
        if (stop.signal.aborted) return;
        follower.progress = progress;
        options.onProgress(runId, pod);
      },
    });
    reading--;
    if (end === "forbidden" && !toldForbidden) {
      toldForbidden = true;
      log.warn(
        { namespace: pod.namespace, right: "get pods/log" },
        "no live progress: the operator may not read the logs of pods",
      );
    }
    const next = waiting.values().next().value;
    if (next !== undefined) due(next);
  };
  const due = (runId: string): void => {
    const follower = followers.get(runId);
    if (follower === undefined) return;
    waiting.delete(runId);
    if (reading < most) void read(runId, follower);
    else waiting.add(runId);
  };
  const stop = (runId: string): void => {
    const follower = followers.get(runId);
    if (follower === undefined) return;
    followers.delete(runId);
    waiting.delete(runId);
    follower.due();
    follower.stop.abort();
  };
  return {
    start(runId, pod) {
      const known = followers.get(runId)?.pod;
      if (known?.name === pod.name && known.namespace === pod.namespace) return;
      stop(runId);
      const cancel = clock.after(delayMs, () => due(runId));
      followers.set(runId, { pod, stop: new AbortController(), progress: null, due: cancel });
    },
    stop,
    stopAll() {
      for (const runId of followers.keys()) stop(runId);
    },
    get: (runId) => followers.get(runId)?.progress ?? null,
    get size() {
      return followers.size;
    },
  };
}
