import { EXIT } from "../contract/exit-code.ts";
import type { RunContext } from "./context.ts";
import { Failure } from "./failure.ts";
import { look } from "./look.ts";
import { findHolder } from "./postgres/holder.ts";
import type { Holder } from "./postgres/holder.ts";
import type { Queryable } from "./postgres/queryable.ts";
import type { Session } from "./postgres/session.ts";
import { isServerError, SQLSTATE } from "./postgres/sqlstate.ts";
import type { ConnectionSettings } from "./settings.ts";
import { sleep } from "./sleep.ts";
import { stopwatch } from "./stopwatch.ts";

export type Unlocked = {
  /** Who held the lock when it was looked at; null: nobody. */
  holder: Holder | null;
  /** True when that session was ended. */
  ended: boolean;
  /** Who has it now: a runner that waited may have taken it at once. */
  next: Holder | null;
};

/** How long an ended session may take to let go: it rolls back first. */
const RELEASE_WAIT_MS = 30_000;
const LOOK_EVERY_MS = 100;

/**
 * Finds who holds the migration lock. With `end` it ends that session and waits until it has let go. Rejects with a
 * Failure: PERMISSION names the right that the role lacks, RUNNER_LOCK_TIMEOUT a session that doesn't let go within 30 s.
 */
export async function unlock(
  connection: ConnectionSettings,
  { end }: { end: boolean },
  context: RunContext,
): Promise<Unlocked> {
  return await look(connection, context, async (session) => {
    const holder = await findHolder(session);
    if (holder === null || !end) return { holder, ended: false, next: holder };
    await terminate(session, holder);
    return { holder, ended: true, next: await released(session, holder, context) };
  });
}

async function terminate(session: Session, holder: Holder): Promise<void> {
  try {
    await session.query("select pg_catalog.pg_terminate_backend($1)", [holder.pid]);
  } catch (error) {
    if (!isServerError(error) || error.code !== SQLSTATE.insufficientPrivilege) throw error;
    throw await missingRight(session, holder, error);
  }
}

async function missingRight(session: Session, holder: Holder, cause: Error): Promise<Failure> {
  const role = session.server.user;
  const owner = holder.user ?? "another role";
  const bySuperuser = holder.user !== null && (await isSuperuser(session, holder.user));
  return new Failure(
    "PERMISSION",
    EXIT.invalidInput,
    `the role ${role} may not end pid ${holder.pid}, a session of ${owner}`,
    {
      hint: bySuperuser
        ? `${owner} is a superuser: only a superuser may end its sessions.`
        : `Connect as ${owner} or a superuser, or let one run: GRANT pg_signal_backend TO ${role}.`,
      cause,
    },
  );
}

async function isSuperuser(db: Queryable, role: string): Promise<boolean> {
  const { rows } = await db.query<{ rolsuper: boolean }>(
    "select rolsuper from pg_catalog.pg_roles where rolname = $1",
    [role],
  );
  return rows[0]?.rolsuper === true;
}

/** Waits until `holder` has let go; resolves to who has the lock then. */
async function released(db: Queryable, holder: Holder, { signal }: RunContext): Promise<Holder | null> {
  const elapsed = stopwatch();
  for (;;) {
    const now = await findHolder(db);
    if (now === null || now.pid !== holder.pid) return now;
    if (signal.aborted || elapsed() > RELEASE_WAIT_MS) {
      throw new Failure(
        "RUNNER_LOCK_TIMEOUT",
        EXIT.lockTimeout,
        `pid ${holder.pid} was told to end and still holds the lock`,
        {
          hint: "It may be rolling back something large: look at it again with lockkeeper unlock.",
        },
      );
    }
    await sleep(LOOK_EVERY_MS, signal);
  }
}
