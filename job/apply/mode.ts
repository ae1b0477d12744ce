import { createReadStream } from "node:fs";
import { EXIT } from "../../contract/exit-code.ts";
import { Failure } from "../failure.ts";
import { readDirectives } from "../source/directive.ts";
import type { Directives } from "../source/directive.ts";
import type { Migration } from "../source/migration.ts";
import { readMigration } from "../source/read.ts";
import { findControlStatement, findCopyFromStdin, isSuspicious } from "../source/words.ts";
import { PARSER_MAX_BYTES, parseStatements, syntaxError } from "./parse.ts";
import type { ParsedStatement } from "./parse.ts";
import { lineOfByte } from "./position.ts";
import type { Unit } from "./unit.ts";
import { divide, refuse, refusesTransaction } from "./units.ts";

/** How a migration is run. */
export type Mode =
  /**
   * In one transaction with its history row. `alone`: shares no message. `body`: without its own BEGIN and COMMIT.
   * `strict`: and in no other mode, also when the server refuses that.
   */
  | {
      kind: "transaction";
      alone: boolean;
      body: { from: number; to: number; statement: number } | null;
      lockTimeoutMs: number | null;
      strict: boolean;
    }
  /** Statement by statement, with a record of the progress. */
  | { kind: "statements"; units: Unit[]; lockTimeoutMs: number | null }
  | { kind: "module" };

const PLAIN = { kind: "transaction", alone: false, body: null, lockTimeoutMs: null, strict: false } as const;

/** Decides how a migration is run, and refuses what can't be. Reads a file that isn't plain; a large one in pieces. */
export async function modeOf(migration: Migration): Promise<Mode> {
  if (migration.kind === "module") return { kind: "module" };
  if (migration.plain) return PLAIN;
  if (migration.bytes > PARSER_MAX_BYTES) return await largeMode(migration.file);
  return await sqlMode(migration.file, await readMigration(migration));
}

/** The same for SQL that was read already and is at most PARSER_MAX_BYTES long: a down file is run by it too. */
export async function sqlMode(file: string, content: Buffer): Promise<Mode> {
  const { mode, lockTimeoutMs } = readDirectives(content, file);
  // Latin-1 maps each byte to one character: the words are ASCII, offsets stay bytes, and nothing is decoded.
  const text = content.toString("latin1");
  const strict = mode === "transaction";
  const plain = { kind: "transaction", alone: lockTimeoutMs !== null, body: null, lockTimeoutMs, strict } as const;
  if (mode !== "no-transaction" && !isSuspicious(text)) return plain;
  const statements = await parseStatements(content);
  if (statements === null) {
    refuseCopyData(file, content, text);
    // The server alone can judge the syntax, but not of a file that would end our transaction on the way.
    const divided = mode === "no-transaction" || findControlStatement(text) !== -1;
    if (divided) throw await unreadable(file, content);
    return { ...plain, alone: true };
  }
  for (const statement of statements) refuseUnsafe(statement, content, file);
  const control = statements.find((statement) => isControl(statement));
  const outside = !strict && statements.some(refusesTransaction);
  if (mode !== "no-transaction" && control === undefined && !outside) return { ...plain, alone: true };
  const units = divide(statements, content, file);
  const [only] = units;
  if (mode !== "no-transaction" && units.length === 1 && only?.kind === "transaction") {
    return { ...plain, alone: true, body: { from: only.from, to: only.to, statement: only.statement } };
  }
  if (strict && control !== undefined) {
    const hint = "Leave that statement out, or say no-transaction.";
    throw refuse(control, content, file, "BEGIN or COMMIT under the directive transaction", hint);
  }
  return { kind: "statements", units, lockTimeoutMs };
}

/**
 * How a file goes on that an earlier run left half done: by its units, whatever it would be run as from its beginning. What
 * is committed of it must not be run again.
 */
export async function modeToGoOn(migration: Migration): Promise<Mode> {
  const mode = await modeOf(migration);
  if (mode.kind === "statements") return mode;
  const units = mode.kind === "module" ? null : await unitsOf(migration.file, await readMigration(migration));
  if (units !== null)
    return { kind: "statements", units, lockTimeoutMs: mode.kind === "transaction" ? mode.lockTimeoutMs : null };
  throw new Failure(
    "UNCERTAIN",
    EXIT.failedMigration,
    `${migration.name}: a run left it half done, and it can't be divided into statements any more`,
    {
      migration: migration.name,
      location: { file: migration.file },
      hint: "Bring back the file as that run had it.",
    },
  );
}

/** The units of a file that the server would not run in a transaction, though nothing in it told so. */
export async function unitsOf(file: string, content: Buffer): Promise<Unit[] | null> {
  if (content.length > PARSER_MAX_BYTES) return null;
  const statements = await parseStatements(content);
  return statements === null ? null : divide(statements, content, file);
}

function isControl(statement: ParsedStatement): boolean {
  if (statement.type !== "TransactionStmt") return false;
  const kind = (statement.node as { kind?: string }).kind ?? "";
  return !["TRANS_STMT_SAVEPOINT", "TRANS_STMT_RELEASE", "TRANS_STMT_ROLLBACK_TO"].includes(kind);
}

function refuseUnsafe(statement: ParsedStatement, content: Uint8Array, file: string): void {
  const node = statement.node as { concurrent?: boolean; idxname?: string; is_from?: boolean; filename?: string };
  if (statement.type === "IndexStmt" && node.concurrent === true && node.idxname === undefined) {
    const hint = "Give the index a name: when it fails, its unnamed leftovers pile up as _idx1, _idx2.";
    throw refuse(statement, content, file, "CREATE INDEX CONCURRENTLY without a name", hint);
  }
  if (statement.type === "CopyStmt" && node.is_from === true && node.filename === undefined) {
    throw refuse(statement, content, file, "COPY ... FROM stdin", COPY_HINT);
  }
}

const COPY_HINT = "Write the rows as INSERT statements (pg_dump --inserts), or load them from a module.";

/** A dump's COPY has its data behind it, which no SQL parser accepts. */
function refuseCopyData(file: string, content: Uint8Array, text: string): void {
  const at = findCopyFromStdin(text);
  if (at === -1) return;
  throw new Failure("UNSUPPORTED_STATEMENT", EXIT.invalidInput, "COPY ... FROM stdin can't be run in a migration", {
    hint: COPY_HINT,
    location: { file, line: lineOfByte(content, at) },
  });
}

/** A file too large for the parser: searched for what looks like transaction control, piece by piece. */
async function largeMode(file: string): Promise<Mode> {
  let carried = Buffer.alloc(0);
  let line = 1;
  let mode: Directives | null = null;
  for await (const chunk of createReadStream(file, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>) {
    const piece = Buffer.concat([carried, chunk]);
    mode ??= readDirectives(piece, file);
    if (mode.mode === "no-transaction") throw tooLarge(file, "is too large for no-transaction", SPLIT_HINT);
    if (mode.mode === "transaction") break;
    const at = findControlStatement(piece.toString("latin1"));
    if (at !== -1) {
      const where = line + lineOfByte(piece, at) - 1;
      throw tooLarge(file, "seems to end transactions itself", PROMISE_HINT, where);
    }
    const keep = Math.min(piece.length, OVERLAP_BYTES);
    line += lineOfByte(piece, piece.length - keep) - 1;
    carried = piece.subarray(piece.length - keep);
  }
  const { lockTimeoutMs = null, mode: how = null } = mode ?? {};
  return { kind: "transaction", alone: true, body: null, lockTimeoutMs, strict: how === "transaction" };
}

const PIECE_BYTES = 256 * 1024;
/** Longer than any statement of transaction control that people write. */
const OVERLAP_BYTES = 512;
const SPLIT_HINT = `Statement by statement works up to ${PARSER_MAX_BYTES / 1024} KB: split the file.`;
const PROMISE_HINT = "If it doesn't, say so in its first line: -- lockkeeper: transaction. Otherwise split the file.";

function tooLarge(file: string, what: string, hint: string, line?: number): Failure {
  const text = `a file of more than ${PARSER_MAX_BYTES / 1024} KB ${what}`;
  const location = line === undefined ? { file } : { file, line };
  return new Failure("UNSUPPORTED_STATEMENT", EXIT.invalidInput, text, { hint, location });
}

async function unreadable(file: string, content: Buffer): Promise<Failure> {
  const error = await syntaxError(content);
  return new Failure(
    "UNSUPPORTED_STATEMENT",
    EXIT.invalidInput,
    `the file can't be divided into statements: ${error?.message ?? "it has a syntax error"}`,
    {
      hint: "It has to be, because it ends transactions itself or says no-transaction. Nothing was run.",
      location: error === null ? { file } : { file, line: error.line },
    },
  );
}
