import type { Location } from "../failure.ts";
import type { ServerError } from "../postgres/sqlstate.ts";
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
  if (state?.started === true) location.statement = Math.max(0, state.statements) + 1;
  const position = Number(error.position ?? Number.NaN);
  if (Number.isNaN(position)) return location;
  let before = codePoints(block.prologue);
  for (const earlier of blocks.slice(0, k)) {
    for (const part of [earlier.prologue, earlier.body, earlier.epilogue]) before += codePoints(part);
  }
  const at = position - 1 - before;
  if (at < 0) return location;
  location.line = lineOfByte(block.content, block.from) - 1 + lineOfCodePoint(block.body, at);
  return location;
}

/** The file that a task runs: a down has one of its own. */
export const fileOf = (task: Task): string =>
  task.direction === "down" ? (task.migration.downFile ?? task.migration.file) : task.migration.file;
