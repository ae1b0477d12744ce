/** The `--` comments before the first statement of a SQL text, each with its line, which counts from 1. */
export function leadingComments(sql: string): { line: number; text: string }[] {
  const comments: { line: number; text: string }[] = [];
  let line = 1;
  let at = 0;
  while (at < sql.length) {
    const end = endOfToken(sql, at);
    if (end === null) break;
    const token = sql.slice(at, end);
    if (token.startsWith("--")) comments.push({ line, text: token.trimEnd() });
    line += token.split("\n").length - 1;
    at = end;
  }
  return comments;
}

/** Where the white space or comment that begins at `at` ends; null where a statement begins. */
function endOfToken(sql: string, at: number): number | null {
  SPACE.lastIndex = at;
  if (SPACE.test(sql)) return SPACE.lastIndex;
  if (sql.startsWith("--", at)) {
    const end = sql.indexOf("\n", at);
    return end === -1 ? sql.length : end;
  }
  return sql.startsWith("/*", at) ? endOfBlock(sql, at) : null;
}

const SPACE = /\s+/y;

/** PostgreSQL's block comments nest. */
function endOfBlock(sql: string, at: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = at;
  let depth = 0;
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === "/*" ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return sql.length;
}
