const NEWLINE = 0x0a;

/** How many code points some UTF-8 has: the server counts its `position` in those. */
export function codePoints(utf8: Uint8Array): number {
  let count = 0;
  for (const byte of utf8) if ((byte & 0xc0) !== 0x80) count++;
  return count;
}

/** The line, from 1, of the `n`th code point (from 0) of a file; the last line where the file is shorter. */
export function lineOfCodePoint(utf8: Uint8Array, n: number): number {
  let line = 1;
  let seen = -1;
  for (const byte of utf8) {
    if ((byte & 0xc0) !== 0x80) seen++;
    if (seen >= n) break;
    if (byte === NEWLINE) line++;
  }
  return line;
}

/** The line, from 1, at a byte offset. */
export function lineOfByte(utf8: Uint8Array, offset: number): number {
  let line = 1;
  const end = Math.min(offset, utf8.length);
  for (let i = 0; i < end; i++) if (utf8[i] === NEWLINE) line++;
  return line;
}
