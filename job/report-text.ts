/** How many bytes of UTF-8 a value takes as JSON. A lone surrogate is escaped there, so the result is always valid. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const ELLIPSIS = "…";
const ELLIPSIS_BYTES = 3;

/**
 * The text, or its longest start that takes at most `most` bytes inside a JSON string, ending in an ellipsis where there
 * is room for one. Whole code points only. Looks at no more of the text than it can return.
 */
export function cutToJsonBytes(text: string, most: number): string {
  let bytes = 0;
  /** Where to cut so that an ellipsis still fits. */
  let cut = 0;
  for (let at = 0; at < text.length;) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    bytes += jsonBytes(character) - 2;
    if (bytes > most) return most < ELLIPSIS_BYTES ? "" : text.slice(0, cut) + ELLIPSIS;
    at += character.length;
    if (bytes <= most - ELLIPSIS_BYTES) cut = at;
  }
  return text;
}
