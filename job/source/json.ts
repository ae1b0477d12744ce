/** A JSON text that can't be read: where, and what is wrong there. Lines and columns count from 1. */
export type JsonError = { line: number; column: number; message: string };

export type ParsedJson = {
  value: unknown;
  /** The line on which the value at a path begins; of its nearest parent where there is no such value. */
  lineOf(path: readonly PropertyKey[]): number;
};

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const DEEPEST = 64;

/**
 * Strict JSON with positions, which JSON.parse has neither for values nor for all of its errors. It also refuses a key
 * that an object has twice.
 */
export function parseJson(text: string): ParsedJson | JsonError {
  const starts = new Map<string, number>();
  let at = 0;

  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return null;
    at = pattern.lastIndex;
    return match[0];
  };
  const takeSign = (sign: string): boolean => {
    take(SPACE);
    if (text[at] !== sign) return false;
    at++;
    return true;
  };
  const fail = (expected: string): never => {
    take(SPACE);
    throw new Unexpected(at === text.length ? `${expected} expected, but the file ends` : `${expected} expected`);
  };
  const string = (): string => JSON.parse(take(STRING) ?? fail("a string")) as string;

  const read = (path: string, depth: number): unknown => {
    take(SPACE);
    starts.set(path, at);
    if (depth > DEEPEST) return fail("less nesting");
    if (takeSign("{")) {
      const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
      if (takeSign("}")) return object;
      do {
        take(SPACE);
        const before = at;
        const key = string();
        if (key in object) {
          at = before;
          throw new Unexpected(`the key ${JSON.stringify(key)} is there twice`);
        }
        if (!takeSign(":")) fail('":"');
        object[key] = read(`${path}/${key}`, depth + 1);
      } while (takeSign(","));
      return takeSign("}") ? object : fail('"," or "}"');
    }
    if (takeSign("[")) {
      const array: unknown[] = [];
      if (takeSign("]")) return array;
      do array.push(read(`${path}/${array.length}`, depth + 1));
      while (takeSign(","));
      return takeSign("]") ? array : fail('"," or "]"');
    }
    const scalar = text[at] === '"' ? take(STRING) : (take(NUMBER) ?? take(WORD));
    return JSON.parse(scalar ?? fail("a value"));
  };

  try {
    const value = read("", 0);
    take(SPACE);
    if (at < text.length) fail("the end of the file");
    const lines = lineStarts(text);
    return { value, lineOf: (path) => placeOf(lines, nearest(starts, path)).line };
  } catch (error) {
    if (error instanceof Unexpected) return { ...placeOf(lineStarts(text), at), message: error.message };
    throw error;
  }
}

class Unexpected extends Error {}

function nearest(starts: Map<string, number>, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const start = starts.get(
      path
        .slice(0, length)
        .map((key) => `/${String(key)}`)
        .join(""),
    );
    if (start !== undefined) return start;
  }
  return starts.get("") ?? 0;
}

/** The offset at which each line begins: looked up by halving, because a journal asks for thousands of lines. */
function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function placeOf(lines: number[], offset: number): { line: number; column: number } {
  let low = 0;
  let high = lines.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((lines[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return { line: low + 1, column: offset - (lines[low] ?? 0) + 1 };
}
