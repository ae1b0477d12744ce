import { setTimeout as sleep } from "node:timers/promises";
import { EXIT } from "../../contract/exit-code.ts";
import { Failure } from "../failure.ts";
import type { Queryable } from "./queryable.ts";
import type { Session } from "./session.ts";
import { isServerError } from "./sqlstate.ts";

/** One round found 54 of 60 poolers, three found 60 of 60; direct connections gave no false alarm. */
const ROUNDS = 6;
/** Where both connections have the process ids that the server announced: a pooler announces ids of its own. */
const ROUNDS_WHEN_ANNOUNCED = 2;
/** How long A may be without an answer while B keeps its backend, ms: a full pool has none for A until B lets go. */
const PATIENCE_MS = 1_000;

/**
 * Refuses a transaction pooler: behind one, every transaction may run on another backend, so a session's lock is neither
 * held nor released by the runner. A pooler gives A's idle backend to B as soon as B needs one; then B has A's, and A,
 * asking again while B keeps it, gets another. A direct connection, and a pooler in session mode, never changes.
 *
 * In one round A asks last before B: a pool that gives the backend used last gives B that of A. In the next one B comes
 * first: so does a pool that gives them in turn, of which A's was given back before B's.
 */
export async function refusePooler(a: Session, b: Session): Promise<void> {
  const announced = isAnnounced(a) && isAnnounced(b);
  const rounds = announced ? ROUNDS_WHEN_ANNOUNCED : ROUNDS;
  const beginning = announced ? beginAsking : begin;
  let first = await backendPid(a);
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0 && round > 0) first = await backendPid(a);
    const other = await beginning(b);
    let again: Promise<number>;
    let released: Promise<unknown>;
    try {
      // Asking A again would wait for ever where the pool has one backend: B holds it.
      if (other === first) throw poolerFailure();
      again = backendPid(a);
      await Promise.race([again, sleep(PATIENCE_MS, undefined, { ref: false })]);
    } finally {
      released = b.query("COMMIT");
      released.catch(() => undefined);
    }
    if ((await again) !== first) throw poolerFailure();
    // After the last round nothing needs to wait for it: B's next query comes after it anyway.
    if (round < rounds - 1) await released;
  }
}

const isAnnounced = ({ client, pid }: Session): boolean => (client as WithProcessId).processID === pid;
type WithProcessId = { processID?: number | null };

const ASK = "select pg_catalog.pg_backend_pid() as pid";

/** Opens a transaction, and whose it is. PgBouncer's statement mode has no transactions at all. */
async function begin(db: Queryable): Promise<number> {
  try {
    await db.query("BEGIN");
  } catch (error) {
    if (isServerError(error) && error.message.includes("pooling mode")) throw poolerFailure(error);
    throw error;
  }
  return await backendPid(db);
}

/** The same in one message, which that mode would refuse with an error of its own. */
async function beginAsking(db: Queryable): Promise<number> {
  const results = (await db.query(`BEGIN; ${ASK}`)) as unknown as { rows: { pid: number }[] }[];
  return results[1]?.rows[0]?.pid ?? 0;
}

async function backendPid(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ pid: number }>(ASK);
  return rows[0]?.pid ?? 0;
}

function poolerFailure(cause?: unknown): Failure {
  return new Failure(
    "POOLER",
    EXIT.invalidInput,
    "a transaction pooler (PgBouncer's transaction mode, or one like it) is between the runner and the server: locks and settings would get lost",
    {
      hint: "Give the runner the server's direct URL (often port 5432 instead of 6432), or a pool in session mode.",
      cause,
    },
  );
}
