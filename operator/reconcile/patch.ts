import { isDeepStrictEqual } from "node:util";

/**
 * The merge patch (RFC 7396) that makes `before` be `after`; null where nothing differs. A list is one value. Keys that
 * are gone are null in the patch; keys of `before` that a newer version wrote and this one didn't parse aren't touched.
 */
export function mergePatch(before: object, after: object): Record<string, unknown> | null {
  const patch: Record<string, unknown> = {};
  const old = before as Record<string, unknown>;
  for (const key of Object.keys(old)) if (!(key in after)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    if (isDeepStrictEqual(old[key], value)) continue;
    patch[key] = isRecord(old[key]) && isRecord(value) ? mergePatch(old[key], value) : value;
  }
  return Object.keys(patch).length === 0 ? null : patch;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
