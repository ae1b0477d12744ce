import { parseDuration } from "../../contract/duration.ts";
import { leadingComments } from "./comment.ts";
import { refuse, show } from "./refuse.ts";

export type Directives = {
  mode: "transaction" | "no-transaction" | null;
  /** 0: no limit. Null: the run's own. */
  lockTimeoutMs: number | null;
};

/** Directives stand in a file's first bytes, so that a large file isn't searched for them. */
export const HEAD_BYTES = 4_096;
/** PostgreSQL's settings in ms are 32-bit integers. */
const LONGEST_MS = 2_147_483_647;

/**
 * What a SQL file's leading comments tell Lockkeeper, in the first HEAD_BYTES and before the first statement:
 *
 *     -- lockkeeper: no-transaction lock-timeout=30s
 *
 * `transaction` or `no-transaction` say how it runs, `lock-timeout` how long each lock is waited for. Of `head` no more
 * than HEAD_BYTES are looked at. Throws invalid source with the line for anything else after `lockkeeper:`.
 */
export function readDirectives(head: Buffer, file: string): Directives {
  const directives: Directives = { mode: null, lockTimeoutMs: null };
  for (const { line, text } of leadingComments(textOf(head))) {
    refuseForeign(text, { file, line });
    const words = /^--\s*lockkeeper:(.*)$/.exec(text)?.[1]?.trim();
    if (words === undefined) continue;
    for (const word of words.split(/[\s,]+/)) take(word, directives, { file, line });
  }
  return directives;
}

function take(word: string, directives: Directives, at: { file: string; line: number }): void {
  if (word === "transaction" || word === "no-transaction") {
    if (directives.mode !== null) throw refuse(at, `${word}: how it runs was already said`, "Leave one of the two.");
    directives.mode = word;
    return;
  }
  const [name, value] = word.split(/=(.*)/s);
  if (name !== "lock-timeout") {
    throw refuse(
      at,
      `${show(JSON.stringify(word))} is not a directive of Lockkeeper's`,
      "Known are transaction, no-transaction and lock-timeout=30s.",
    );
  }
  if (directives.lockTimeoutMs !== null) throw refuse(at, "lock-timeout is there twice", "Leave one of the two.");
  const ms = parseDuration(value ?? "");
  if (ms === null || ms > LONGEST_MS) {
    const hint = "Write it like lock-timeout=30s or lock-timeout=0 (no limit), at most 24 days.";
    throw refuse(at, `lock-timeout: ${show(JSON.stringify(value ?? ""))} is not a duration`, hint);
  }
  directives.lockTimeoutMs = ms;
}

/** Files of tools that run a part of a file only: run whole, they would undo at their end what they did before. */
const FOREIGN: readonly (readonly [tool: string, marker: RegExp])[] = [
  ["goose", /^--\s*\+goose\s/i],
  ["sql-migrate", /^--\s*\+migrate\s/i],
  ["dbmate", /^--\s*migrate:(?:up|down)\b/i],
  ["Liquibase", /^--\s*liquibase formatted sql\b/i],
];

function refuseForeign(comment: string, at: { file: string; line: number }): void {
  for (const [tool, marker] of FOREIGN) {
    if (!marker.test(comment)) continue;
    const hint = "Divide it into NAME.up.sql and NAME.down.sql, without that comment.";
    throw refuse(at, `is written for ${tool}, which runs only a part of the file at a time`, hint);
  }
}

/** Whole lines only: the cut may go through one. */
function textOf(head: Buffer): string {
  const cut = head.length > HEAD_BYTES ? head.lastIndexOf(10, HEAD_BYTES - 1) + 1 : head.length;
  return head.toString("utf8", 0, cut).replace(/^\uFEFF/, "");
}
