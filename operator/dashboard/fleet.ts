/** Every resource's row as it was last made, and since which revision it is so: a client gets what it lacks, and no more. */

export type Fleet = {
  /** Of the newest change; grows by one with each. */
  readonly revision: number;
  /** Makes these anew. */
  refresh(keys: Iterable<string>): void;
  /** What was known and isn't named here is looked at, and so found to be gone. */
  keys(): IterableIterator<string>;
  /** What has changed since that revision; `full`: it is everything, because what went since then isn't known any more. */
  since(revision: number): Delta;
};

export type Delta = { full: boolean; rows: string[]; gone: string[] };

const REMEMBERED = 2_000;

/** `rowOf` gives a row as JSON; null: there is no such resource. */
export function createFleet(rowOf: (key: string) => string | null): Fleet {
  const rows = new Map<string, { json: string; revision: number }>();
  const gone = new Map<string, number>();
  let revision = 0;
  /** What went up to here was forgotten. */
  let forgotten = 0;

  function remember(key: string): void {
    gone.delete(key);
    gone.set(key, revision);
    if (gone.size <= REMEMBERED) return;
    for (const [oldest, at] of gone) {
      gone.delete(oldest);
      forgotten = at;
      return;
    }
  }

  return {
    get revision() {
      return revision;
    },
    refresh(keys) {
      for (const key of keys) {
        const json = rowOf(key);
        const known = rows.get(key);
        if (json === (known?.json ?? null)) continue;
        revision++;
        if (json === null) {
          rows.delete(key);
          remember(key);
        } else {
          rows.set(key, { json, revision });
          gone.delete(key);
        }
      }
    },
    keys: () => rows.keys(),
    since(from) {
      const full = from <= 0 || from < forgotten || from > revision;
      const after = full ? -1 : from;
      return {
        full,
        rows: [...rows.values()].filter((row) => row.revision > after).map(({ json }) => json),
        gone: full ? [] : [...gone].filter(([, at]) => at > after).map(([key]) => key),
      };
    },
  };
}
