import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Call } from "./client.ts";
import type { Reply, Timing } from "./load.ts";

const PROGRAM = fileURLToPath(new URL("load.ts", import.meta.url));

export type Loader = Disposable & {
  /** Sends these calls from the load's process, so many at once, and resolves when all are answered. Throws if one isn't. */
  run(calls: Call[], inFlight: number): Promise<Timing[]>;
  /** The same with calls that come in a row: a lane's next one is sent when the one before it is answered. */
  lanes(lanes: Call[][], inFlight: number): Promise<Timing[]>;
};

/** Starts the load's process, with the rights of that kubeconfig. It ends with the scope, or with this process. */
export async function startLoader(kubeconfig: string): Promise<Loader> {
  const child = fork(PROGRAM, [kubeconfig]);
  const reply = async (): Promise<Timing[]> => {
    const ended = new AbortController();
    const exit = once(child, "exit", { signal: ended.signal }).then(() => {
      throw new Error("The load's process ended.");
    });
    const answer = once(child, "message", { signal: ended.signal });
    exit.catch(() => {});
    answer.catch(() => {});
    try {
      const [message] = (await Promise.race([answer, exit])) as [Reply];
      if ("error" in message) throw new Error(message.error);
      return message.timings;
    } finally {
      ended.abort();
    }
  };
  const lanes: Loader["lanes"] = async (all, inFlight) => {
    const answer = reply();
    child.send({ lanes: all, inFlight });
    return await answer;
  };
  await reply();
  return {
    lanes,
    run: async (calls, inFlight) =>
      await lanes(
        calls.map((call) => [call]),
        inFlight,
      ),
    [Symbol.dispose]: () => child.disconnect(),
  };
}
