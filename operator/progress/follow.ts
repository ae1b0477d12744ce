import { RUNNER_CONTAINER } from "../../contract/resource/names.ts";
import type { Api } from "../api/api.ts";
import { ApiError } from "../api/api.ts";
import { pathOf } from "../api/path.ts";
import type { Clock } from "../clock.ts";
import { pause } from "../clock.ts";
import { begin } from "./fold.ts";
import type { Progress } from "./progress.ts";
import { newestOf } from "./newest.ts";

export type FollowedPod = { namespace: string; name: string };

export type FollowOptions = {
  runId: string;
  signal: AbortSignal;
  /** At most once a second, and once more at the end. */
  onProgress: (progress: Progress) => void;
  clock: Clock;
};

/** Why it ended. `forbidden`: the operator has no right to read pods' logs. */
export type FollowEnd = "ended" | "aborted" | "gone" | "forbidden" | "lost";

const PODS = { api: "/api/v1", plural: "pods" };

const LONGEST_LINE = 64 * 1_024;
/** What matters is in the last lines: each says all. */
const TAIL_LINES = 100;
/** More lines than these in a second aren't read: the stream is left, and its last lines are read a second later. */
const MOST_LINES = 2_000;
const SECOND_MS = 1_000;
const TRIES = 6;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Reads a run's pod's log while the runner's container runs, and tells how far the run is. Nothing rests on it: it never
 * throws, and what it can't read it leaves. A break is cured by reading the last lines again, a few times.
 */
export async function follow(api: Api, pod: FollowedPod, options: FollowOptions): Promise<FollowEnd> {
  const { signal, clock } = options;
  const newest = newestOf(begin(options.runId), options.onProgress, clock);
  try {
    for (let tries = 0; tries < TRIES && !signal.aborted; tries++) {
      const startedAt = clock.now();
      const end = await readOnce(api, pod, newest, options);
      if (end !== "broken" && end !== "flood") return end;
      // A stream that went on for long, or gave too much, is one that works.
      if (end === "flood" || clock.now() - startedAt > LONGEST_PAUSE_MS) tries = -1;
      await pause(clock, Math.min(LONGEST_PAUSE_MS, SECOND_MS * 2 ** Math.max(0, tries)), signal);
    }
    return signal.aborted ? "aborted" : "lost";
  } finally {
    newest.close();
  }
}

/** One stream to its end. `broken`: more may come; `flood`: more came than is worth reading. */
async function readOnce(
  api: Api,
  { namespace, name }: FollowedPod,
  newest: ReturnType<typeof newestOf>,
  { signal, clock }: FollowOptions,
): Promise<FollowEnd | "broken" | "flood"> {
  const path = pathOf(PODS, namespace, name, "log");
  const query = { container: RUNNER_CONTAINER, follow: true, tailLines: TAIL_LINES };
  let lines = 0;
  let second = clock.now();
  try {
    for await (const line of api.lines(path, { query, signal, longestLine: LONGEST_LINE })) {
      newest.line(line);
      if (clock.now() - second > SECOND_MS) [lines, second] = [0, clock.now()];
      if (++lines > MOST_LINES) return "flood";
    }
  } catch (error) {
    if (signal.aborted) return "aborted";
    if (!(error instanceof ApiError)) return "broken";
    if (error.status === 403) return "forbidden";
    return error.status === 404 ? "gone" : "broken";
  }
  if (signal.aborted) return "aborted";
  // The server ends the stream when the container ends, and when it stops itself: only the runner's last line tells.
  return newest.ended() ? "ended" : "broken";
}
