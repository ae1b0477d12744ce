const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy;
const LONGEST_MS = 10 * 365 * UNIT_MS.d;

/**
 * Milliseconds of a duration like `5s`, `1h30m`, `250ms`, `90d` or `0`; `null` where the text isn't one, or is longer
 * than ten years. A number without a unit is refused, except 0: nobody should have to guess whether 5 means seconds.
 */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === "0") return 0;
  let total = 0;
  let end = 0;
  PART.lastIndex = 0;
  for (let part = PART.exec(trimmed); part !== null; part = PART.exec(trimmed)) {
    total += Number(part[1]) * UNIT_MS[part[2] as keyof typeof UNIT_MS];
    end = PART.lastIndex;
  }
  if (end === 0 || end !== trimmed.length || total > LONGEST_MS) return null;
  return Math.round(total);
}

/** A duration for people, at most two units: `412 ms`, `4 s`, `4m`, `1h 30m`, `2d 3h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${ms < 10_000 ? Number((ms / 1_000).toFixed(1)) : Math.floor(ms / 1_000)} s`;
  const minutes = Math.floor(ms / UNIT_MS.m);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return two(hours, "h", minutes % 60, "m");
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

const two = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit} ${small}${smallUnit}`;
