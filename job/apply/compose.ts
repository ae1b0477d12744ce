import { cleanSession } from "../postgres/session.ts";
import type { Bench } from "./bench.ts";
import { EPILOGUE, prologue, tether } from "./block.ts";
import { PARSER_MAX_BYTES } from "./parse.ts";
import type { SentBlock } from "./place.ts";
import type { ApplySettings, Task } from "./task.ts";

/** A task that runs in one transaction, as the block of a message that it becomes. */
export function blockOf(
  { line, settings }: Bench,
  task: Task,
  content: Buffer,
  index: number,
  nonce: string,
): SentBlock {
  const range = task.mode.kind === "transaction" ? task.mode.body : null;
  const tied = content.length > PARSER_MAX_BYTES ? tether(nonce, index) : null;
  const claim = task.claim(task.migration);
  const text = prologue({
    nonce,
    index,
    pid: line.session.pid,
    lockTimeoutMs: lockTimeoutOf(task, settings),
    statementTimeoutMs: settings.statementTimeoutMs,
    reset: cleanSession(line.session.server.version),
    claim: tied === null ? claim : `${claim}\n${tied.claim}`,
  });
  return {
    index,
    content,
    from: range?.from ?? 0,
    prologue: Buffer.from(text),
    body: range === null ? content : content.subarray(range.from, range.to),
    epilogue: Buffer.from(tied?.epilogue ?? EPILOGUE),
    firstStatement: range?.statement ?? 1,
  };
}

/** The directive's, or the run's own. */
export function lockTimeoutOf({ mode }: Task, settings: ApplySettings): number {
  const own = mode.kind === "transaction" ? mode.lockTimeoutMs : null;
  return own ?? settings.lockTimeoutMs;
}
