import type { RunContext } from "../context.ts";
import type { ConnectionSettings } from "../settings.ts";
import { connect } from "./connect.ts";
import type { Session } from "./session.ts";

/**
 * The main session, and the second one or null: a role may have one connection only, and that one is the main one's. Both
 * are opened at once. While the main one is waited for, the second isn't held: it may be what is in its way. Rejects as
 * `connect` does when there is no main session.
 */
export async function connectBoth(
  settings: ConnectionSettings,
  context: RunContext,
  waitMs: number,
): Promise<{ main: Session; second: Session | null }> {
  const trySecond = async (): Promise<Session | null> =>
    await connect(settings, "second", context, 0).catch(() => null);
  const opening = trySecond();
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
  const main = await connect(settings, "main", { ...context, onEvent }, waitMs).catch(async (error: unknown) => {
    await release();
    throw error;
  });
  const first = await opening;
  return { main, second: first === null || released ? await trySecond() : first };
}
