/** Combinations of values in which each pair of two values stands at least once. */

/** A value's path, like `image.pullPolicy`, and what it can be. */
export type Factor = { path: string; values: readonly unknown[] };
/** A value for each path. */
export type Row = Record<string, unknown>;

type Chosen = ReadonlyMap<number, number>;

/**
 * Rows in which each pair stands that can, without one that has all of a `conflict`. Greedy: a row begins with a pair that is still
 * missing, and takes for every other factor the value that adds most. Always the same for the same factors.
 */
export function pairwise(factors: readonly Factor[], conflicts: readonly Row[] = []): Row[] {
  const missing = new Map<string, [number, number, number, number]>();
  for (let a = 0; a < factors.length; a++) {
    for (let b = a + 1; b < factors.length; b++) {
      for (let x = 0; x < size(factors, a); x++) {
        for (let y = 0; y < size(factors, b); y++) missing.set(key(a, x, b, y), [a, x, b, y]);
      }
    }
  }
  const isAllowed = (chosen: Chosen): boolean => !conflicts.some((conflict) => has(conflict, chosen, factors));
  const rows: Row[] = [];
  for (const [start, [a, x, b, y]] of missing) {
    if (!missing.has(start)) continue;
    const first = new Map([
      [a, x],
      [b, y],
    ]);
    const row = isAllowed(first) ? complete(factors, first, missing, isAllowed) : null;
    if (row === null) continue;
    for (const pair of pairsOf(row)) missing.delete(pair);
    rows.push(Object.fromEntries(factors.map(({ path, values }, at) => [path, values[row.get(at) ?? 0]])));
  }
  return rows;
}

function complete(
  factors: readonly Factor[],
  chosen: Chosen,
  missing: ReadonlyMap<string, unknown>,
  isAllowed: (chosen: Chosen) => boolean,
): Chosen | null {
  const factor = factors.findIndex((_, at) => !chosen.has(at));
  if (factor === -1) return chosen;
  const gain = (index: number): number =>
    [...chosen].filter(([other, at]) => missing.has(pairKey(other, at, factor, index))).length;
  const options = Array.from({ length: size(factors, factor) }, (_, index) => index);
  for (const index of options.toSorted((left, right) => gain(right) - gain(left))) {
    const next = new Map([...chosen, [factor, index]]);
    const row = isAllowed(next) ? complete(factors, next, missing, isAllowed) : null;
    if (row !== null) return row;
  }
  return null;
}

function has(conflict: Row, chosen: Chosen, factors: readonly Factor[]): boolean {
  return Object.entries(conflict).every(([path, value]) => {
    const at = factors.findIndex((factor) => factor.path === path);
    const index = chosen.get(at);
    return index !== undefined && JSON.stringify(factors[at]?.values[index]) === JSON.stringify(value);
  });
}

const size = (factors: readonly Factor[], at: number): number => factors[at]?.values.length ?? 0;
const key = (a: number, x: number, b: number, y: number): string => `${a}=${x} ${b}=${y}`;
const pairKey = (a: number, x: number, b: number, y: number): string => (a < b ? key(a, x, b, y) : key(b, y, a, x));

function pairsOf(row: Chosen): string[] {
  const entries = [...row];
  return entries.flatMap(([a, x], index) => entries.slice(index + 1).map(([b, y]) => pairKey(a, x, b, y)));
}
