import { GATE } from "../../contract/resource/names.ts";
import type { GatedPod } from "../kubernetes/objects.ts";

/** A pod names at most so many resources: more would be somebody's mistake, or his attempt to make work. */
const MOST = 20;

/** Whether the pod waits at our gate. */
export const isGated = ({ spec, metadata }: GatedPod): boolean =>
  metadata.deletionTimestamp === undefined && (spec.schedulingGates?.some(({ name }) => name === GATE) ?? false);

/** The names of the resources that the pod waits for, in its own namespace. */
export function namesOf({ metadata }: GatedPod): string[] {
  const names = (metadata.annotations?.[GATE] ?? "").split(",").map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ""))].slice(0, MOST);
}

/** The same as `NAMESPACE/NAME`. */
export const resourcesOf = (pod: GatedPod): string[] => namesOf(pod).map((name) => `${pod.metadata.namespace}/${name}`);
