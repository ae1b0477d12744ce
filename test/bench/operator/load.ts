/** The program that makes load: a process of its own, so that what it costs isn't taken for somebody else's. */
import { now, openClient } from "./client.ts";
import type { Call, Client } from "./client.ts";

/** Each lane's calls one after the other; so many lanes at once. */
export type Load = { lanes: Call[][]; inFlight: number };

/** By lane: when its first call was sent and when its last one was answered, in ms of the machine's clock. */
export type Timing = { sentAt: number; answeredAt: number };

export type Reply = { timings: Timing[] } | { error: string };

async function carryOut(client: Client, { lanes, inFlight }: Load): Promise<Timing[]> {
  const timings: Timing[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let lane = next++; lane < lanes.length; lane = next++) {
      const sentAt = now();
      for (const call of lanes[lane] ?? []) await client.send(call);
      timings[lane] = { sentAt, answeredAt: now() };
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return timings;
}

const client = await openClient(process.argv[2] ?? "", 64);
process.on("message", (load: Load) => {
  const reply = (message: Reply): void => void process.send?.(message);
  carryOut(client, load).then(
    (timings) => reply({ timings }),
    (error: unknown) => reply({ error: String(error) }),
  );
});
process.once("disconnect", () => process.exit(0));
process.send?.({ timings: [] } satisfies Reply);
