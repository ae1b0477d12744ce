import { stripVTControlCharacters } from "node:util";

/** Control characters, other ends of lines, and what turns the direction of a text around. */
const UNWANTED = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu;
/** `##[error]` and `##vso[...]` are commands to a runner of GitHub's or Azure's wherever in a line they stand. */
const RUNNER_COMMAND = /##(?=\w*\[)/g;

/** And this is one to GitHub's at a line's beginning. */
const WORKFLOW_COMMAND = /^::/;

/**
 * What somebody else said, as a piece of one line of ours: it can't begin a line, move a cursor or tell a CI runner what to
 * do. Everything that an endpoint answers goes through here once, where it is read.
 */
export function oneLine(text: string, most = 1_000): string {
  // Cut first: a text of megabytes needs no cleaning.
  const plain = stripVTControlCharacters(text.slice(0, most * 2)).replaceAll(UNWANTED, " ");
  const safe = plain.replaceAll(RUNNER_COMMAND, "# #").trim().replace(WORKFLOW_COMMAND, ": :").toWellFormed();
  return safe.length <= most ? safe : `${safe.slice(0, most - 1).toWellFormed()}…`;
}
