import type { RunContext } from "../context.ts";
import type { ConnectionSettings } from "../settings.ts";
import { connect } from "./connect.ts";
import type { Session } from "./session.ts";

export type Both = { main: Session; second: Session | null };

/**
 * Begins to connect while something else is done. `done` is called when that went wrong: nothing stays open or goes on
 * trying then.
 */
export function connectAhead(settings: ConnectionSettings, context: RunContext) {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const both = connectBoth(settings, { ...context, signal }, settings.connectWaitMs);
  both.catch(() => undefined);
  return {
    both,
    async abandon(): Promise<void> {
      stop.abort();
      const open = await both.catch(() => null);
      await Promise.all([open?.main[Symbol.asyncDispose](), open?.second?.[Symbol.asyncDispose]()]);
    },
  };
}

/**
 * The main session, and the second one or null: a role may have one connection only, and that one is the main one's. Both
 * are opened at once. While the main one is waited for, the second isn't held: it may be what is in its way. Rejects as
 * `connect` does when there is no main session.
 */
export async function connectBoth(
  settings: ConnectionSettings,
  context: RunContext,
  waitMs: number,
  standby: "refused" | "waited-for" = "refused",
): Promise<Both> {
  const trySecond = async (): Promise<Session | null> =>
    await connect(settings, "second", context, 0).catch(() => null);
  let released = false;
  const release = async (): Promise<void> => {
    if (released) return;
    released = true;
    await (await opening)?.[Symbol.asyncDispose]();
  };
  const onEvent: RunContext["onEvent"] = (event) => {
    void release();
    context.onEvent(event);
  };
  const connecting = connect(settings, "main", { ...context, onEvent }, waitMs, standby).catch(
    async (error: unknown) => {
      await release();
      throw error;
    },
  );
  const opening = trySecond();
  const main = await connecting;
  const first = await opening;
  return { main, second: first === null || released ? await trySecond() : first };
}
