import type { Client, Hub } from "./hub.ts";

/** What a client may have waiting: a second's batch is sent whole, and the next one when there is room again. */
const ROOM_BYTES = 64_000;
/** How long a browser waits before it comes again. */
const RETRY_MS = 2_000;

/** A stream of server-sent events for one client; null: there are too many. */
export function openStream(
  hub: Hub,
  { key, lastId, isAllowed }: Pick<Client, "key" | "lastId" | "isAllowed">,
): Response | null {
  let leave: (() => void) | null = null;
  let isOpen = true;
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const send = (text: string): void => {
          if (isOpen) controller.enqueue(encoder.encode(text));
        };
        const end = (): void => {
          if (!isOpen) return;
          isOpen = false;
          controller.close();
        };
        send(`retry: ${RETRY_MS}\n\n`);
        leave = hub.join({ key, lastId, isAllowed, send, end, isReady: () => (controller.desiredSize ?? 0) > 0 });
      },
      cancel() {
        isOpen = false;
        leave?.();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: ROOM_BYTES }),
  );
  if (leave === null) return null;
  const headers = { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" };
  return new Response(body, { headers });
}
