import type { RunContext } from "../context.ts";
import type { ConnectionSettings } from "../settings.ts";
import { connect } from "./connect.ts";
import type { Queryable } from "./queryable.ts";
import type { Session } from "./session.ts";

/** How long a lost second connection is left alone before it is opened again, ms. */
const PAUSE_MS = 2_000;

/**
 * The second connection: it writes the run log, looks at who blocks, and cancels. When it is lost, the next query opens
 * it again; while that doesn't work its queries reject, and the migration goes on without it.
 */
export type Watcher = Queryable & AsyncDisposable & { session(): Session | null };

/** `first` is the session that the pooler check used, or null where a second one could not be had. */
export function openWatcher(first: Session | null, settings: ConnectionSettings, context: RunContext): Watcher {
  let session = first;
  let opening: Promise<Session> | null = null;
  let failedAt = first === null ? performance.now() : Number.NEGATIVE_INFINITY;
  let closed = false;
  // An aborted run still needs it: to cancel what is under way, and to write how it ended.
  const always = { ...context, signal: new AbortController().signal };

  const live = async (): Promise<Session> => {
    if (session !== null && session.lost() === null) return session;
    if (closed || performance.now() - failedAt < PAUSE_MS) throw new Error("the second connection is down");
    opening ??= connect(settings, "second", always, 0);
    try {
      session = await opening;
      return session;
    } catch (error) {
      failedAt = performance.now();
      throw error;
    } finally {
      opening = null;
    }
  };
  return {
    session: () => session,
    query: async (text, values) => await (await live()).query(text, values),
    async [Symbol.asyncDispose]() {
      closed = true;
      void opening?.then(async (late) => await late[Symbol.asyncDispose]()).catch(() => undefined);
      await session?.[Symbol.asyncDispose]();
    },
  };
}
