import type { Location } from "../failure.ts";
import type { ServerError } from "../postgres/sqlstate.ts";
import { PARSER_MAX_BYTES, parseStatements } from "./parse.ts";
import { codePoints, lineOfByte, lineOfCodePoint } from "./position.ts";
import type { BlockState } from "./stream.ts";
import type { Task } from "./task.ts";

/** A block of a message as it was sent; `body` is the part of `content` that begins at byte `from`. */
export type SentBlock = {
  index: number;
  content: Buffer;
  from: number;
  prologue: Buffer;
  body: Buffer;
  epilogue: Buffer;
  /** The number of the body's first statement in the file. */
  firstStatement: number;
};

/**
 * Where in its file a block's error is. The server counts code points from the message's start; errors that name no
 * position are placed by how many statements were done.
 */
export function blockLocation(
  blocks: SentBlock[],
  k: number,
  state: BlockState | undefined,
  error: ServerError,
  task: Task,
): Location {
  const block = blocks[k];
  const location: Location = { file: fileOf(task) };
  if (block === undefined) return location;
  if (state?.started === true) location.statement = block.firstStatement + Math.max(0, state.statements);
  const line = lineOfPosition(blocks, k, error);
  if (line !== null) location.line = line;
  return location;
}

/** The line that the server's position is on; null where the error names none, or one in our prologue. */
function lineOfPosition(blocks: SentBlock[], k: number, error: ServerError): number | null {
  const block = blocks[k];
  const position = Number(error.position ?? Number.NaN);
  if (block === undefined || Number.isNaN(position)) return null;
  let before = codePoints(block.prologue);
  for (const earlier of blocks.slice(0, k)) {
    for (const part of [earlier.prologue, earlier.body, earlier.epilogue]) before += codePoints(part);
  }
  const at = position - 1 - before;
  return at < 0 ? null : lineOfByte(block.content, block.from) - 1 + lineOfCodePoint(block.body, at);
}

/**
 * Adds the line to a place that has only the statement's number: most errors that come while a statement is run tell no
 * position. A number beyond the last statement is the COMMIT that we added: the file as a whole is meant then.
 */
export async function completeLocation(location: Location, content: Buffer): Promise<void> {
  const { line, statement } = location;
  if (line !== undefined || statement === undefined || content.length > PARSER_MAX_BYTES) return;
  const statements = await parseStatements(content);
  if (statements === null) return;
  const failed = statements[statement - 1];
  if (failed === undefined) delete location.statement;
  else location.line = lineOfByte(content, failed.from);
}

/** The file that a task runs: a down has one of its own. */
export const fileOf = (task: Task): string =>
  task.direction === "down" ? (task.migration.downFile ?? task.migration.file) : task.migration.file;
