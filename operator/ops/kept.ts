import type { Clock } from "../clock.ts";

/**
 * What `work` came to is given to all who ask for the same within `ms`, and then let go, so that many who ask cost little
 * and nothing large stays. Different ones are made one after the other, and at most `most` are kept.
 */
export function keeper<Value>(
  clock: Pick<Clock, "after">,
  ms: number,
  most: number,
): (key: string, work: () => Promise<Value>) => Promise<Value> {
  const kept = new Map<string, Promise<Value>>();
  let last: Promise<unknown> = Promise.resolve();
  return async (key, work) => {
    const known = kept.get(key);
    if (known !== undefined) return await known;
    const value = last.then(work);
    last = value.catch(() => undefined);
    const forget = (): void => void (kept.get(key) === value && kept.delete(key));
    for (const oldest of kept.keys()) if (kept.size >= most) kept.delete(oldest);
    kept.set(key, value);
    // From when it is there: what takes long to make is of use to those who came meanwhile.
    value.then(
      () => clock.after(ms, forget),
      () => forget(),
    );
    return await value;
  };
}
