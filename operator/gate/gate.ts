/**
 * Which pods may start. A pod passes if what it needs is proved, in this epoch, for every resource that it names, whatever
 * else is the case: another release's failure, a suspended resource, a run that is on. Otherwise it is held. Pure.
 */
import { isProved, releaseOf } from "../reconcile/ledger.ts";
import type { Ledger } from "../reconcile/ledger.ts";
import type { Need } from "./resolve.ts";

export type PodRef = { name: string; uid: string; resourceVersion: string };

/** A pod at the gate, as one of the resources that it names sees it. */
export type Gated = {
  pod: PodRef;
  /** The Deployment that it is of, for events; null where it isn't known. */
  deployment: { name: string; uid: string } | null;
  need: Need;
  /** The other resources that it names and that have not proved what it needs. */
  unproved: string[];
};

export type Held = {
  pod: PodRef;
  deployment: Gated["deployment"];
  reason: string;
  message: string;
  /** What it waits for, without how far that is: a pod is told of again only when this changes. */
  about: string;
};

type Hold = Pick<Held, "reason" | "message" | "about">;

export type Gates = { open: PodRef[]; held: Held[] };

/** What is said of a pod that waits for a run: the resource's own verdict. */
type Said = { name: string; reason: string; message: string };

/** `ledger` is what is written when the pods are opened: proof comes before opening. */
export function gatesOf(ledger: Ledger, gated: readonly Gated[], said: Said): Gates {
  const gates: Gates = { open: [], held: [] };
  for (const { pod, deployment, need, unproved } of gated) {
    const hold = holdOf(ledger, need, said) ?? others(unproved);
    if (hold === null) gates.open.push(pod);
    else gates.held.push({ pod, deployment, ...hold });
  }
  return gates;
}

/** Why the pod has to wait for this resource, or null. */
function holdOf(ledger: Ledger, need: Need, { name, reason, message }: Said): Hold | null {
  switch (need.is) {
    case "none":
      return { reason: need.reason, message: need.message, about: name };
    case "image": {
      if (isMet(ledger, need)) return null;
      const waits = `waits until DatabaseMigration ${name} has applied ${need.image}`;
      return { reason: "WaitsForWorkload", message: `${waits}: ${message}`, about: need.image };
    }
    case "release": {
      const { key } = need.wanted;
      if (isProved(ledger, key)) return null;
      const release = releaseOf(ledger, key);
      const waits = `waits for DatabaseMigration ${name}`;
      if (release?.state !== "Failed") {
        return { reason: "WaitsForMigration", message: `${waits}: ${reason}: ${message}`, about: `${key} ${reason}` };
      }
      const why = `${waits}: ${release.reason ?? "Failed"}: ${release.message ?? ""}`;
      return { reason: "MigrationFailed", message: `${why}; ${CURE}`, about: `${key} ${release.attempt}` };
    }
  }
}

const CURE =
  "correct it, then deploy anew or set the annotation lockkeeper.dev/retry; kubectl rollout undo takes the release back";

function others(unproved: string[]): Hold | null {
  if (unproved.length === 0) return null;
  const names = unproved.join(", ");
  return { reason: "WaitsForMigration", message: `waits for DatabaseMigration ${names} too`, about: names };
}

/** Whether what the pod needs of that resource is proved, by what is written. */
export function isMet(ledger: Ledger, need: Need): boolean {
  if (need.is === "none") return false;
  const keys = need.is === "release" ? [need.wanted.key] : need.keys;
  return keys.some((key) => isProved(ledger, key));
}
