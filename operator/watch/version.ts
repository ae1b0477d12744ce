const DECIMAL = /^(?:0|[1-9]\d*)$/;

/**
 * Which of two resourceVersions of one kind is newer: negative for `a` older, 0 for the same, positive for newer; null
 * where they can't be compared. The API server's are decimal numbers of any length (KEP-5504), compared as such without
 * making numbers of them: this is asked for every event.
 */
export function compareVersions(a: string, b: string): number | null {
  if (a === b) return 0;
  if (!DECIMAL.test(a) || !DECIMAL.test(b)) return null;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}
