const NEWLINE = 0x0a;

/** A line longer than the bound. What came of it is dropped. */
export class LineTooLong extends Error {
  constructor(longest: number) {
    super(`a line is longer than ${longest} bytes`);
    this.name = "LineTooLong";
  }
}

/**
 * The lines of a stream, as soon as their ends are there, without them; at last what comes after the last end. Divided as
 * bytes, so a character that came in two pieces is whole.
 */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  longest: number,
): AsyncGenerator<string, void, undefined> {
  let begun: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      if (size + end - from > longest) throw new LineTooLong(longest);
      const rest = chunk.subarray(from, end);
      yield begun.length === 0 ? rest.toString() : Buffer.concat([...begun, rest]).toString();
      begun = [];
      size = 0;
      from = end + 1;
    }
    if (from === chunk.length) continue;
    begun.push(from === 0 ? chunk : chunk.subarray(from));
    size += chunk.length - from;
    if (size > longest) throw new LineTooLong(longest);
  }
  if (size > 0) yield Buffer.concat(begun).toString();
}
