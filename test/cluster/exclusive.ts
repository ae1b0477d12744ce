import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { say } from "./progress.ts";

/**
 * One process of this machine at a time, per key. Waits for its turn.
 *
 * The lock is the name of an abstract Unix socket: the kernel gives it to one process, and takes it back when that
 * process ends in whatever way. There is no stale lock to find and break, as there would be with a file.
 */
export async function exclusive(key: string, waitingFor: string): Promise<AsyncDisposable> {
  for (let tries = 0; ; tries++) {
    const server = createServer();
    const bound = Promise.withResolvers<boolean>();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") bound.resolve(false);
      else bound.reject(error);
    });
    server.listen(`\0lockkeeper-cluster-${key}`, () => bound.resolve(true));
    if (await bound.promise) {
      server.unref();
      return {
        async [Symbol.asyncDispose]() {
          await new Promise((closed) => server.close(closed));
        },
      };
    }
    if (tries % 60 === 0) say(`waiting for another process: ${waitingFor}`);
    await sleep(250);
  }
}
