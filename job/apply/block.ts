import { LOCK_KEY } from "../../contract/lock.ts";
import { SQLSTATE } from "../postgres/sqlstate.ts";

/** What a block's prologue needs to know. */
export type Prologue = {
  /** Unguessable: a migration's own text can neither end our DO block nor forge our notices. */
  nonce: string;
  /** Which block of the run it is: comes back in the notice. */
  index: number;
  /** The backend that holds the session's lock. */
  pid: number;
  lockTimeoutMs: number;
  statementTimeoutMs: number;
  /** What cleans the session first; null for a statement-mode file, which keeps what its own SET statements set. */
  reset: string | null;
  /** PL/pgSQL that writes the history row, or the progress of a file in statement mode. */
  claim: string;
};

/** The notice that a block has begun: its flush shows progress at once, and lets the server notice that its client died. */
export const startNotice = (nonce: string, index: number): string => `lockkeeper ${nonce} ${index}`;

/**
 * How every transaction of ours begins: a clean session, time-outs that a role's own would break, the lock taken again by the transaction
 * itself, the row that says what it is, written before the migration's own statements. Through a transaction pooler two
 * runners may both believe that they hold the session's lock; this DO block lets only one of them go on. READ COMMITTED,
 * whatever the role's default: a snapshot from before the lock would hide a row that another runner committed meanwhile.
 */
export function prologue(block: Prologue): string {
  const tag = `$lk_${block.nonce}$`;
  // In a transaction of its own: a read-only default that was left behind counts for the one in which it is taken away.
  const clean = block.reset === null ? "" : `BEGIN; ${block.reset}; COMMIT;\n`;
  return (
    `${clean}BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout=${block.lockTimeoutMs};` +
    ` SET LOCAL statement_timeout=${block.statementTimeoutMs};\nDO ${tag} BEGIN\n${guard(block.pid)}\n${block.claim}\n` +
    `RAISE INFO '${startNotice(block.nonce, block.index)}';\nEND ${tag};\n`
  );
}

/** How every transaction of ours ends. A new line first: the file may end in a line comment. */
export const EPILOGUE = "\n;COMMIT;\n";

/**
 * For a file too large for the parser, which may end our transaction although it promised not to: a lock of the
 * transaction's own, taken by `claim`, is gone at its end then, and `epilogue` raises LK002 instead of going on.
 */
export function tether(nonce: string, index: number): { claim: string; epilogue: string } {
  const [high, low] = [Number.parseInt(nonce.slice(0, 7), 16), index];
  return {
    claim: `PERFORM pg_catalog.pg_advisory_xact_lock(${high}, ${low});`,
    epilogue:
      `\n;DO $lk_${nonce}$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'` +
      ` AND l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.objsubid OPERATOR(pg_catalog.=) 2` +
      ` AND l.classid OPERATOR(pg_catalog.=) ${high}::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) ${low}::pg_catalog.oid) THEN` +
      ` RAISE EXCEPTION 'the transaction was ended' USING ERRCODE = '${SQLSTATE.transactionEnded}'; END IF; END $lk_${nonce}$${EPILOGUE}`,
  };
}

/**
 * What stands between two files of a message. Each line is a comment, unless the file before it left a quote, a comment or
 * a dollar quote open: then it ends that and is a syntax error, for which the server refuses the whole message. Without
 * it two broken files could make one that is valid.
 */
export const SEAM = "\n-- ';)\n-- \";)\n-- */;)\n-- $$;)\n";

/** PL/pgSQL that raises LK001 unless this backend holds the session's lock, or can take it for the transaction. */
const guard = (pid: number): string =>
  `IF pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.<>) ${pid} OR NOT pg_catalog.pg_try_advisory_xact_lock(${LOCK_KEY}) THEN` +
  ` RAISE EXCEPTION 'the migration lock was lost' USING ERRCODE = '${SQLSTATE.lockLost}'; END IF;`;
