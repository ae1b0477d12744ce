import { EXIT } from "../../contract/exit-code.ts";
import { Failure } from "../failure.ts";
import type { Queryable } from "./queryable.ts";

/** One round found 54 of 60 poolers, three found 60 of 60; direct connections gave no false alarm. */
const ROUNDS = 5;

/**
 * Refuses a transaction pooler: behind one, every transaction may run on another backend, so a session's lock is neither
 * held nor released by the runner. A pooler gives A's idle backend to B as soon as B needs one; then B has A's, and A,
 * asking again while B keeps it, gets another. A direct connection, and a pooler in session mode, never changes.
 */
export async function refusePooler(a: Queryable, b: Queryable): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const first = await backendPid(a);
    await b.query("BEGIN");
    try {
      const other = await backendPid(b);
      // Asking A again would wait for ever where the pool has one backend: B holds it.
      if (other === first || (await backendPid(a)) !== first) throw poolerFailure();
    } finally {
      await b.query("COMMIT");
    }
  }
}

async function backendPid(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ pid: number }>("select pg_catalog.pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}

function poolerFailure(): Failure {
  return new Failure(
    "POOLER",
    EXIT.invalidInput,
    "a transaction pooler (PgBouncer's transaction mode, or one like it) is between the runner and the server: locks and settings would get lost",
    { hint: "Give the runner the server's direct URL (often port 5432 instead of 6432), or a pool in session mode." },
  );
}
