import type { ServerResponse } from "node:http";
import type { Clock } from "../clock.ts";

/** Less than this is on its way at once: a socket's buffer takes it. */
const SMALL = 65_536;
/** What readers who are slow hold in memory, all together: one body counts once, however many read it. */
const MOST_BYTES = 64 * 1_024 * 1_024;
const LONGEST_MS = 30_000;

/** Whether that body may be sent now. From then on until it is sent, for at most 30 s, it counts. */
export type Hold = (body: Uint8Array, outgoing: ServerResponse | undefined) => boolean;

export function openHold(clock: Pick<Clock, "after">, mostBytes = MOST_BYTES): Hold {
  const readers = new Map<Uint8Array, number>();
  let bytes = 0;
  return (body, outgoing) => {
    if (body.length <= SMALL || outgoing === undefined) return true;
    const others = readers.get(body) ?? 0;
    if (others === 0 && bytes + body.length > mostBytes) return false;
    if (others === 0) bytes += body.length;
    readers.set(body, others + 1);
    const cancel = clock.after(LONGEST_MS, () => outgoing.destroy());
    outgoing.once("close", () => {
      cancel();
      const left = (readers.get(body) ?? 1) - 1;
      if (left > 0) return void readers.set(body, left);
      readers.delete(body);
      bytes -= body.length;
    });
    return true;
  };
}
