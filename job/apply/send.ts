import type { Step, OnEvent } from "../event.ts";
import { sendMessage } from "../postgres/message.ts";
import type { MessageProgress } from "../postgres/message.ts";
import type { Queryable } from "../postgres/queryable.ts";
import type { Session } from "../postgres/session.ts";
import { endsSession, isServerError } from "../postgres/sqlstate.ts";
import { sampleInterval, watchWaits } from "../postgres/waits.ts";
import type { Waits } from "../postgres/waits.ts";
import { SessionLost } from "./interrupt.ts";
import { isLockTrouble } from "./sql-failure.ts";

/** What the stages of applying share: the session with the lock, the second connection, where events go. */
export type Line = {
  session: Session;
  watcher: Queryable;
  signal: AbortSignal;
  onEvent: OnEvent;
};

export type Sent = { error: Error | null; waits: Waits };

/**
 * Sends one message and stays with it until its end: tells who blocks while it waits, and cancels it in the server when
 * the signal is aborted. Rejects with SessionLost when the session is gone.
 */
export async function send(
  line: Line,
  parts: Uint8Array[],
  progress: MessageProgress,
  lockTimeoutMs: number,
  step: () => Step,
): Promise<Sent> {
  const finish = watch(line, lockTimeoutMs, step);
  const { error } = await sendMessage(line.session.client, parts, progress);
  const waits = await finish(error);
  if (error !== null && endsSession(error)) throw new SessionLost(error);
  return { error, waits };
}

/** Watches the session's waits and the signal until the function that it returns is called with what it came to. */
export function watch(line: Line, lockTimeoutMs: number, step: () => Step) {
  const { session, watcher, onEvent } = line;
  const waits = watchWaits(watcher, session.pid, sampleInterval(lockTimeoutMs), (wait) =>
    onEvent({ type: "blocked", ...step(), waitedMs: wait.waitedMs, relation: wait.relation, blockers: wait.blockers }),
  );
  const stopCancelling = cancelOnAbort(line);
  return async (error: unknown): Promise<Waits> => {
    stopCancelling();
    return await waits.stop(isServerError(error) && isLockTrouble(error));
  };
}

/** The session for our own queries: one that is under way when the signal is aborted is cancelled in the server too. */
export function abortable(line: Line): Queryable {
  return {
    query: async (text, values) => {
      const stop = cancelOnAbort(line);
      try {
        return await line.session.query(text, values);
      } finally {
        stop();
      }
    },
  };
}

const CANCEL_EVERY_MS = 200;

/**
 * Cancels in the server for as long as the message goes on, because one cancel can come between two statements. During a
 * COMMIT that waits for a synchronous standby a cancel becomes a COMMIT: the answer tells. A server that doesn't answer a
 * cancel isn't waited for long (attempt.ts).
 */
function cancelOnAbort({ session, watcher, signal, onEvent }: Line): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const cancel = async (): Promise<void> => {
    await watcher.query("select pg_catalog.pg_cancel_backend($1)", [session.pid]).catch(() => undefined);
    if (!stopped) timer = setTimeout(() => void cancel(), CANCEL_EVERY_MS);
  };
  const start = (): void => {
    onEvent({ type: "cancelling", reason: String(signal.reason) });
    void cancel();
  };
  if (signal.aborted) start();
  else signal.addEventListener("abort", start, { once: true });
  return () => {
    stopped = true;
    signal.removeEventListener("abort", start);
    clearTimeout(timer);
  };
}

/** Ends what an error left open. */
export async function rollback({ session }: Line): Promise<void> {
  try {
    await session.query("ROLLBACK");
  } catch (error) {
    throw new SessionLost(error);
  }
}
