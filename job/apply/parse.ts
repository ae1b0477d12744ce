import { loadParser } from "./parser.ts";
import { lineOfCodePoint } from "./position.ts";

/** A statement as PostgreSQL's own parser sees it. Offsets are bytes in the file, without leading space and comments. */
export type ParsedStatement = {
  /** From 1. */
  number: number;
  type: string;
  node: object;
  from: number;
  to: number;
};

/** The parser takes some 600 times the text's size in memory: nothing larger than this is given to it. */
export const PARSER_MAX_BYTES = 256 * 1024;

/** The statements of `sql`, or null where this parser doesn't accept it: the server then says what is wrong. */
export async function parseStatements(content: Buffer): Promise<ParsedStatement[] | null> {
  if (content.length === 0) return [];
  const { parse } = await loadParser();
  let result;
  try {
    result = await parse(content.toString("utf8"));
  } catch {
    return null;
  }
  return (result.stmts ?? []).map((raw, i) => {
    const start = raw.stmt_location ?? 0;
    const end = raw.stmt_len === undefined || raw.stmt_len === 0 ? content.length : start + raw.stmt_len;
    const [type, node] = Object.entries(raw.stmt ?? {})[0] ?? ["", {}];
    return { number: i + 1, type, node, from: skipBlank(content, start, end), to: end };
  });
}

/** What the parser says against `content`, and on which line; null where it accepts it. */
export async function syntaxError(content: Buffer): Promise<{ message: string; line: number } | null> {
  const { parse } = await loadParser();
  try {
    await parse(content.toString("utf8"));
    return null;
  } catch (error) {
    const { message, sqlDetails } = error as Error & { sqlDetails?: { cursorPosition?: number } };
    return { message, line: lineOfCodePoint(content, sqlDetails?.cursorPosition ?? 0) };
  }
}

const [SPACE, NEWLINE, DASH, SLASH, STAR] = [0x20, 0x0a, 0x2d, 0x2f, 0x2a];

/** The first byte that is neither white space nor in a comment; block comments nest, as in PostgreSQL. */
function skipBlank(sql: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to) {
    const [byte, next] = [sql[at] ?? 0, sql[at + 1]];
    if (byte <= SPACE) at++;
    else if (byte === DASH && next === DASH) {
      const end = sql.indexOf(NEWLINE, at);
      at = end === -1 ? to : end + 1;
    } else if (byte === SLASH && next === STAR) at = skipBlockComment(sql, at, to);
    else break;
  }
  return Math.min(at, to);
}

function skipBlockComment(sql: Uint8Array, from: number, to: number): number {
  let depth = 0;
  for (let at = from; at < to; at++) {
    if (sql[at] === SLASH && sql[at + 1] === STAR) {
      depth++;
      at++;
    } else if (sql[at] === STAR && sql[at + 1] === SLASH) {
      depth--;
      at++;
      if (depth === 0) return at + 1;
    }
  }
  return to;
}
