/** Reading what may be anything: a status that another version wrote, or somebody by hand. */

export const field = (of: unknown, name: string): unknown =>
  typeof of === "object" && of !== null ? (of as Record<string, unknown>)[name] : undefined;

/** The text, cut; null where there is none. An empty one is none. */
export function text(of: unknown, name: string, most = 512): string | null {
  const value = field(of, name);
  if (typeof value !== "string" || value === "") return null;
  return value.length <= most ? value : value.slice(0, most).toWellFormed();
}

/** A whole number that is not negative; 0 for anything else. */
export function count(of: unknown, name: string): number {
  const value = field(of, name);
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** Its first elements; none where it is no list. */
export function list(of: unknown, name: string, most: number): unknown[] {
  const value = field(of, name);
  return Array.isArray(value) ? (value.length <= most ? value : value.slice(0, most)) : [];
}

/** Its first texts, each cut. */
export const texts = (of: unknown, name: string, most: number): string[] =>
  list(of, name, most).flatMap((value) => (typeof value === "string" ? [value.slice(0, 255).toWellFormed()] : []));

/** Milliseconds since 1970 of a time in ISO 8601; null for anything else. */
export function time(of: unknown, name: string): number | null {
  const value = text(of, name, 40);
  const ms = value === null ? Number.NaN : Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}
