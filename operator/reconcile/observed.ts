import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { Gated } from "../gate/gate.ts";
import type { RunIdentity, Outcome } from "../outcome/outcome.ts";
import type { Progress } from "../progress/progress.ts";
import type { Target } from "../release/target.ts";

/** A Job of the resource's, and how far its run is. */
export type ObservedJob = {
  name: string;
  uid: string;
  /** What it was made for, by its annotations. */
  key: string;
  epoch: number;
  attempt: number;
  command: RunIdentity["command"];
  runId: string;
  /** Of the spec that it was made from; 0 where it doesn't say. */
  generation: number;
  createdAt: string;
  isDeleting: boolean;
  outcome: Outcome;
  /** Containers beside the runner's that still run in its pod. */
  sidecars: boolean;
};

/** The API server's refusal of the last Job that was to be created. `cures`: whether it may pass by itself. */
export type Refusal = { job: string; cures: boolean; message: string };

/** All that a decision rests on. `observe` is its only maker; nothing in it is read again later. */
export type Observed = {
  migration: DatabaseMigration;
  target: Target;
  /** The Deployment's controller hasn't seen the newest generation yet, and has hardly had the time. */
  settling: boolean;
  /** The keys whose proof is kept; null without a workload. */
  live: Set<string> | null;
  /** Its own Jobs, by owner. */
  jobs: ObservedJob[];
  /** Jobs of a run's name that aren't its own. */
  foreign: Set<string>;
  progress: Progress | null;
  refusal: Refusal | null;
  /** Pods that wait at the gate for this resource. */
  gated: Gated[];
  /** Other resources on the same database, for people. */
  sharedWith: string[];
  /** Whether the API server knows image volumes. */
  imageVolumes: boolean;
  /** For the run that may be started: decisions have no chance of their own. */
  freshId: string;
  now: Date;
};
