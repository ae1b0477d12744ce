/** The times of a reflector, in ms. */
export type Timing = {
  /** A stream that says nothing for so long is dead: bookmarks come about every 60 s, so less would be too little. */
  silence: number;
  /** How long one watch is asked for: between the two, so that they don't all end together. */
  watch: readonly [number, number];
  /** After a failure: the first pause and the longest. */
  backoff: readonly [number, number];
  /** Within which time those whose version is too old come back with a list. */
  spread: number;
};

export const TIMING: Timing = {
  silence: 70_000,
  watch: [300_000, 600_000],
  backoff: [500, 30_000],
  spread: 1_000,
};

/** The pause after so many failures in a row: doubled each time, and shortened by up to a half by `random` of 0 to 1. */
export function pauseAfter(failures: number, [first, longest]: readonly [number, number], random: number): number {
  return Math.min(longest, first * 2 ** (failures - 1)) * (1 - random / 2);
}

export const between = ([least, most]: readonly [number, number], random: number): number =>
  least + (most - least) * random;
