/** Why pods stay at the gate, as events on each pod and once on its Deployment. */
import type { Context } from "../reconcile/context.ts";
import { NOTHING_HELD } from "../reconcile/memory.ts";
import type { Memory } from "../reconcile/memory.ts";
import type { Held } from "./gate.ts";
import { warningsOf } from "./warnings.ts";

type Tools = Pick<Context, "recorder" | "caches">;

/** Waiting for a run that is on is usual; everything else needs somebody. */
const USUAL = new Set(["WaitsForMigration", "WaitsForWorkload", "ReplicaSetNotFound"]);

/**
 * Says what is new: a pod that is held for the same reason as before is not told of again. `run`: the resource's
 * timeouts.run, by which its Deployment is judged; null where there is none.
 */
export function tellHeld(
  held: readonly Held[],
  { namespace, run }: { namespace: string; run: string | null },
  memory: Pick<Memory, "held">,
  { recorder, caches }: Tools,
): void {
  const before = memory.held;
  memory.held =
    held.length === 0 ? NOTHING_HELD : new Map(held.map(({ pod, reason, about }) => [pod.uid, `${reason} ${about}`]));
  const deployments = new Map<string, Held>();
  for (const one of held) {
    const { pod, deployment, reason, message, about } = one;
    if (before.get(pod.uid) === `${reason} ${about}`) continue;
    const type = USUAL.has(reason) ? ("Normal" as const) : ("Warning" as const);
    const regarding = { apiVersion: "v1", kind: "Pod", namespace, name: pod.name, uid: pod.uid };
    recorder.record({ regarding, type, reason, note: message, action: "Hold" });
    if (deployment !== null) deployments.set(`${deployment.uid} ${reason} ${about}`, one);
  }
  for (const { deployment, reason, message } of deployments.values()) {
    if (deployment === null) continue;
    const regarding = { apiVersion: "apps/v1", kind: "Deployment", namespace, ...deployment };
    const type = USUAL.has(reason) ? ("Normal" as const) : ("Warning" as const);
    recorder.record({ regarding, type, reason, note: `new pods wait: ${message}`, action: "Hold" });
    const found = caches.deployments.get(`${namespace}/${deployment.name}`);
    for (const warning of found === undefined || run === null ? [] : warningsOf(found, run)) {
      recorder.record({ regarding, type: "Warning", ...warning, action: "Hold" });
    }
  }
}
