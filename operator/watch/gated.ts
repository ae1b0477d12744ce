import { GATE } from "../../contract/resource/names.ts";
import type { GatedPod } from "../kubernetes/objects.ts";

/** A pod may name so many resources: more would be somebody's mistake, or his attempt to make work. It stays then. */
export const MOST_NAMES = 20;

/** Whether the pod waits at our gate. */
export const isGated = ({ spec, metadata }: GatedPod): boolean =>
  metadata.deletionTimestamp === undefined && (spec.schedulingGates?.some(({ name }) => name === GATE) ?? false);

/** The names of the resources that the pod waits for, in its own namespace. */
export function namesOf({ metadata }: GatedPod): string[] {
  const names = (metadata.annotations?.[GATE] ?? "").split(",").map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ""))];
}

/**
 * As `NAMESPACE/NAME`, whose look tells of the pod. One that names nobody is told of by the resource without a name, which
 * never is there.
 */
export function resourcesOf(pod: GatedPod): string[] {
  const names = namesOf(pod).slice(0, MOST_NAMES);
  return (names.length === 0 ? [""] : names).map((name) => `${pod.metadata.namespace}/${name}`);
}
