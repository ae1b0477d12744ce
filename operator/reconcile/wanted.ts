import type { Wanted } from "../release/target.ts";
import type { Observed } from "./observed.ts";

/**
 * The releases that somebody waits for, the newest first: the Deployment's current one, and older ones as long as pods of
 * theirs wait at the gate.
 */
export function wantedReleases({ target, gated }: Pick<Observed, "target" | "gated">): Wanted[] {
  const current = target.is === "release" ? [target.wanted] : [];
  const waiting = gated.flatMap(({ need }) => (need.is === "release" ? [need.wanted] : []));
  const newestFirst = [...current, ...waiting].toSorted((a, b) => b.revision - a.revision);
  // ReplicaSets of one digest have one key: the newest of them tells how new it is.
  const byKey = new Map<string, Wanted>();
  for (const wanted of newestFirst) if (!byKey.has(wanted.key)) byKey.set(wanted.key, wanted);
  return [...byKey.values()];
}
