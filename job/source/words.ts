/**
 * A filter by words, much cheaper than a parser: what it lets through certainly ends no transaction and can share a message
 * with others; what it holds back may still be harmless (every PL/pgSQL body has BEGIN and END) and is then parsed.
 */
const CONTROL = /\b(?:begin|start\s+transaction|commit|end|rollback|abort|prepare\s+transaction)\b/i;
const OUTSIDE_TRANSACTIONS = /\b(?:concurrently|vacuum)\b/i;
const COPY = /\bcopy\b/i;
/** A statement of transaction control at the start of a line or after a semicolon, with nothing else in it. */
const CONTROL_STATEMENT =
  /(?:^|[;\n])[ \t\r]*(?:begin|start\s+transaction|commit|end|rollback|abort|prepare\s+transaction\s+'(?:[^']|'')*')(?:\s+(?:work|transaction))?\s*;/i;

/** True for a file that must not share a message: it has to be parsed, or be alone. */
export function isSuspicious(sql: string): boolean {
  return CONTROL.test(sql) || OUTSIDE_TRANSACTIONS.test(sql) || COPY.test(sql);
}

/** The offset of what looks like a statement of transaction control, or -1: for files too large to be parsed. */
export function findControlStatement(sql: string): number {
  const match = CONTROL_STATEMENT.exec(sql);
  return match === null ? -1 : match.index + match[0].search(/[a-z]/i);
}

/** The offset of a `COPY ... FROM stdin`, or -1. */
export function findCopyFromStdin(sql: string): number {
  return sql.search(/\bcopy\b[^;]*?\bfrom\s+stdin\b/i);
}
