import { formatDuration, parseDuration } from "../../contract/duration.ts";
import type { Deployment } from "../kubernetes/objects.ts";

export type Warning = { reason: "OldPodsMayGo" | "ProgressDeadlineShort"; note: string };

/** Kubernetes' own, seconds. */
const DEADLINE = 600;

/**
 * What of a gated Deployment hurts while its new pods wait: a strategy that takes old pods away before new ones serve, and
 * a deadline that ends before a run may. `run` is the resource's timeouts.run.
 */
export function warningsOf({ spec }: Deployment, run: string): Warning[] {
  const warnings: Warning[] = [];
  const { type, rollingUpdate } = spec.strategy ?? {};
  const unavailable = String(rollingUpdate?.maxUnavailable ?? "25%");
  if (type === "Recreate") {
    const note =
      "strategy Recreate takes all old pods away before the migrations: nothing serves meanwhile; use RollingUpdate";
    warnings.push({ reason: "OldPodsMayGo", note });
  } else if (!/^0%?$/.test(unavailable) && takesSome(unavailable, spec.replicas ?? 1)) {
    const note = `maxUnavailable ${unavailable} takes old pods away while the new ones wait for their migrations; set it to 0`;
    warnings.push({ reason: "OldPodsMayGo", note });
  }
  const deadline = spec.progressDeadlineSeconds ?? DEADLINE;
  const longest = (parseDuration(run) ?? 0) / 1_000;
  if (longest > deadline) {
    const note = `progressDeadlineSeconds ${deadline} is less than the longest run (timeouts.run, ${formatDuration(longest * 1_000)}): past it the rollout counts as failed`;
    warnings.push({ reason: "ProgressDeadlineShort", note });
  }
  return warnings;
}

/** A share is rounded down: a quarter of three is none. */
const takesSome = (unavailable: string, replicas: number): boolean =>
  !unavailable.endsWith("%") || Math.floor((Number.parseFloat(unavailable) / 100) * replicas) > 0;
