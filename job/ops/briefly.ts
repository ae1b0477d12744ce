/**
 * Keeps what `work` came to for `ms`, by key, so that polling and many pollers cost little. Callers at the same time share
 * one piece of work. Few keys are kept: a caller that makes up new ones gains nothing.
 */
export function briefly<Value>(
  ms: number,
  now: () => number,
): (key: string, work: () => Promise<Value>) => Promise<Value> {
  const kept = new Map<string, { since: number; value: Promise<Value> }>();
  return async (key, work) => {
    const known = kept.get(key);
    if (known !== undefined && now() - known.since < ms) return await known.value;
    if (kept.size >= MOST_KEPT) kept.clear();
    const value = work();
    kept.set(key, { since: now(), value });
    return await value;
  };
}

const MOST_KEPT = 16;
