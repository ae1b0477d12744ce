import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { PodTemplate } from "../kubernetes/objects.ts";

/** How migrations get out of an image. */
export type Copy = "ImageVolume" | "InitContainer";

/** Where this run's migrations are. */
export type RunSource =
  | { from: "image"; image: string; pullPolicy: "Always" | "IfNotPresent" | "Never"; copy: Copy }
  | { from: "configMap"; name: string };

/** One run that is to be started: with the resource, everything that its Job is made of. */
export type RunOrder = {
  migration: DatabaseMigration;
  command: "migrate" | "status";
  /** The Job's name: a hash of key and epoch, and the attempt. */
  job: string;
  runId: string;
  key: string;
  epoch: number;
  attempt: number;
  source: RunSource;
  /** The followed Deployment's pod template; null without one. */
  template: PodTemplate | null;
};

/** The report's tag: it ties a report to key and epoch. */
export const tagOf = ({ key, epoch }: Pick<RunOrder, "key" | "epoch">): string => `${key}:${epoch}`;
