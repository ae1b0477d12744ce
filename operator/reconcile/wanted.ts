import type { Wanted } from "../release/target.ts";
import type { Observed } from "./observed.ts";

/**
 * The releases that somebody waits for, the newest first: the Deployment's current one, and older ones as long as pods of
 * theirs wait at the gate.
 */
export function wantedReleases({ target, gated }: Pick<Observed, "target" | "gated">): Wanted[] {
  const current = target.is === "release" ? [target.wanted] : [];
  const waiting = gated.flatMap(({ need }) => (need.is === "release" ? [need.wanted] : []));
  const byKey = new Map([...waiting, ...current].map((wanted) => [wanted.key, wanted]));
  return [...byKey.values()].toSorted((a, b) => b.revision - a.revision);
}
