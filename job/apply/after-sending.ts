import type { OnEvent, RunEvent } from "../event.ts";

/** `later` tells of an event once what is being sent is on its way. All events keep their order. */
export type AfterSending = { onEvent: OnEvent; later: OnEvent; flush(): void };

/**
 * Between a commit and the next message the server has nothing to do, and writing lines to a log is a quarter of what a run
 * does itself (`node --cpu-prof`, one a message): so the server gets its message first. `flush` tells what is left; call it when
 * nothing more is sent.
 */
export function afterSending(onEvent: OnEvent): AfterSending {
  let waiting: RunEvent[] = [];
  let due: NodeJS.Immediate | undefined;
  const flush = (): void => {
    clearImmediate(due);
    due = undefined;
    const told = waiting;
    waiting = [];
    for (const event of told) onEvent(event);
  };
  return {
    flush,
    onEvent(event) {
      flush();
      onEvent(event);
    },
    // All that leads from an answer to the next message are promises: they come before an immediate.
    later(event) {
      waiting.push(event);
      due ??= setImmediate(flush);
    },
  };
}
