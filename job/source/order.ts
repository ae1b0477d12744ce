const NUMBER = /^\d+/;

/** By UTF-16 code units, so that no locale has a say. */
export const compareCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The order of migrations by their names: those that begin with digits first, by that number (`2_b` before `10_a`), then
 * by code units. The history's rows are sorted by it too.
 */
export function compareNames(a: string, b: string): number {
  const [left, right] = [leadingNumber(a), leadingNumber(b)];
  if (left === null || right === null) {
    if (left !== right) return left === null ? 1 : -1;
  } else if (left.length !== right.length) {
    return left.length - right.length;
  } else if (left !== right) {
    return compareCodeUnits(left, right);
  }
  return compareCodeUnits(a, b);
}

/** Without its leading zeros, and as text: a number of any length is never rounded. */
const leadingNumber = (name: string): string | null => NUMBER.exec(name)?.[0].replace(/^0+/, "") ?? null;
