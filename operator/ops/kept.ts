import type { Clock } from "../clock.ts";

export type Keeping = {
  /** From this age on, ms, what is kept is made anew while it is still given. */
  renewMs: number;
  /** Nothing is given that is older, ms. */
  keptMs: number;
  /** So many different ones are kept. */
  most: number;
};

type Kept<Value> = { value: Promise<Value>; madeAt: number | null; renewing: boolean };

/**
 * What `work` came to is given to all who ask for the same, and let go when it is too old, so that many who ask cost little
 * and nothing large stays. Where it is asked for all the time nobody waits for it: it is made anew beside. Different ones are
 * made one after the other.
 */
export function keeper<Value>(
  clock: Pick<Clock, "now" | "after">,
  { renewMs, keptMs, most }: Keeping,
): (key: string, work: () => Promise<Value>) => Promise<Value> {
  const kept = new Map<string, Kept<Value>>();
  let last: Promise<unknown> = Promise.resolve();

  function make(key: string, work: () => Promise<Value>): Kept<Value> {
    const value = last.then(work);
    last = value.catch(() => undefined);
    const one: Kept<Value> = { value, madeAt: null, renewing: false };
    const forget = (): void => void (kept.get(key) === one && kept.delete(key));
    // From when it is there: what takes long to make is of use to those who came meanwhile.
    const age = (): void => {
      one.madeAt = clock.now();
      clock.after(keptMs, forget);
    };
    value.then(age, forget);
    return one;
  }

  function renew(key: string, old: Kept<Value>, work: () => Promise<Value>): void {
    old.renewing = true;
    const fresh = make(key, work);
    // What was let go meanwhile isn't wanted any more.
    const replace = (): void => void (kept.get(key) === old && kept.set(key, fresh));
    fresh.value.then(replace, () => (old.renewing = false));
  }

  return async (key, work) => {
    const known = kept.get(key);
    if (known !== undefined) {
      const isOld = known.madeAt !== null && clock.now() - known.madeAt >= renewMs;
      if (isOld && !known.renewing) renew(key, known, work);
      return await known.value;
    }
    for (const oldest of kept.keys()) if (kept.size >= most) kept.delete(oldest);
    const one = make(key, work);
    kept.set(key, one);
    return await one.value;
  };
}
