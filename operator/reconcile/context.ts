import type { Api } from "../api/api.ts";
import type { Clock } from "../clock.ts";
import type { Recorder } from "../event/recorder.ts";
import type { RunnerSettings } from "../job/job-spec.ts";
import type { Log } from "../log.ts";
import type { Instruments } from "../metrics/instruments.ts";
import type { Followers } from "../progress/followers.ts";
import type { Caches } from "../watch/caches.ts";
import type { Memories } from "./memory.ts";

/** All that a reconcile has of the world. */
export type Context = {
  api: Api;
  caches: Caches;
  clock: Clock;
  /** What is built into every Job. */
  runner: RunnerSettings;
  /** Whether the API server knows image volumes. */
  imageVolumes: () => boolean;
  /** Whether the lease is still held, by the local clock. Asked before everything that changes the cluster. */
  leads: () => boolean;
  followers: Followers;
  recorder: Recorder;
  memories: Memories;
  instruments: Instruments;
  log: Log;
};
