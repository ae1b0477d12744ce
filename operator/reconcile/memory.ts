import type { Refusal } from "./observed.ts";

/** What is remembered of one resource between two reconciles. Nothing rests on it: a restart loses it. */
export type Memory = {
  refusal: Refusal | null;
  /** Jobs of a run's name that the server knows and the caches may not: without our labels. */
  foreign: string[];
  refusals: number;
  /** Until when a refused Job of this generation isn't tried again, by the operator's clock. */
  refusedUntil: { at: number; generation: number } | null;
  /** When its status was written last, by the operator's clock; -Infinity for never. */
  wroteAt: number;
  /** Why each pod at the gate is held, by uid, as it was told last. */
  held: ReadonlyMap<string, string>;
  /** The run whose log is followed. */
  follows: string | null;
  /** Since when its Deployment's controller hasn't seen the newest generation, by the operator's clock. */
  unobservedSince: number | null;
  /** Status writes in a row that met somebody else's. */
  conflicts: number;
  /** The pod whose sidecars went on, and when it was deleted: until the watch tells of that it isn't deleted again. */
  deletedPod: { name: string; at: number } | null;
  /** Why a Job has no pod, as the events told it last. */
  noPod: { job: string; at: number; why: string | null } | null;
};

/** One for all resources that nothing waits for: most of thousands. */
export const NOTHING_HELD: ReadonlyMap<string, string> = new Map();

/** `uid`: a resource that was deleted and made again has no past. */
export type Memories = { of(key: string, uid: string): Memory; forget(key: string): Memory | undefined };

export function openMemories(): Memories {
  const memories = new Map<string, Memory & { uid: string }>();
  return {
    of(key, uid) {
      const known = memories.get(key);
      if (known?.uid === uid) return known;
      const fresh = {
        uid,
        refusal: null,
        foreign: [],
        refusals: 0,
        refusedUntil: null,
        wroteAt: -Infinity,
        // What was followed for the one before is stopped by whoever finds it here.
        follows: known?.follows ?? null,
        unobservedSince: null,
        conflicts: 0,
        deletedPod: null,
        held: NOTHING_HELD,
        noPod: null,
      };
      memories.set(key, fresh);
      return fresh;
    },
    forget(key) {
      const known = memories.get(key);
      memories.delete(key);
      return known;
    },
  };
}
