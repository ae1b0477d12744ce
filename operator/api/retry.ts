import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Broken, exchange } from "./exchange.ts";
import type { Call } from "./exchange.ts";
import type { Method } from "./api.ts";
import type { Connection } from "./connect.ts";

/** How often one request is sent at most, and how long its answer may be put off altogether, in ms. */
const TRIES = 5;
const WAITS = 30_000;

/** Told of each time that something was sent: by which method, and of the answer's status; 0 for none. */
export type Sent = (method: Method, status: number) => void;

/**
 * Sends it until the server takes it, and reads the answer. 429 and 503 say that it wasn't carried out, so it is sent again
 * after the time that they name; the last answer is read, of whatever status. A connection that broke is tried once more,
 * at once, where that can't carry out anything twice.
 */
export async function sendUntilTaken<Read>(
  connection: Connection,
  call: Call,
  read: (answer: IncomingMessage) => Promise<Read>,
  sent?: Sent,
): Promise<Read> {
  let waited = 0;
  let broken = 0;
  for (let tries = 1; ; tries++) {
    try {
      const answer = await told(call, sent, exchange(connection, call));
      const busy = answer.statusCode === 429 || answer.statusCode === 503;
      const wait = busy ? waitFor(answer.headers["retry-after"], tries, Math.random()) : 0;
      if (!busy || tries >= TRIES || waited + wait > WAITS) return await read(answer);
      answer.resume(); // so that the connection can be used again
      waited += wait;
      await sleep(wait, undefined, call.signal && { signal: call.signal });
    } catch (error) {
      call.signal?.throwIfAborted();
      const again = error instanceof Broken && (error.safe || call.method === "GET");
      if (!again || broken++ > 0) throw error;
    }
  }
}

async function told(call: Call, sent: Sent | undefined, answer: Promise<IncomingMessage>): Promise<IncomingMessage> {
  try {
    const { statusCode = 0 } = await answer;
    sent?.(call.method, statusCode);
  } catch {
    if (call.signal?.aborted !== true) sent?.(call.method, 0);
  }
  return await answer;
}

/**
 * How long to wait before the next try, in ms: what Retry-After says in seconds, otherwise longer each time from half a
 * second on; and up to a quarter more by `random` of 0 to 1, so that those who were refused together don't come together.
 */
export function waitFor(retryAfter: string | undefined, tries: number, random: number): number {
  const seconds = retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : 2 ** (tries - 2);
  return seconds * 1_000 * (1 + random / 4);
}
