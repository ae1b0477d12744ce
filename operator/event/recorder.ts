import type { Api } from "../api/api.ts";
import { ApiError, isApiError } from "../api/api.ts";
import { pathOf } from "../api/path.ts";
import type { Cancel, Clock } from "../clock.ts";
import { pause } from "../clock.ts";
import { eventBody, eventName, microTime } from "./event.ts";
import type { EventBody, EventInput, Series } from "./event.ts";
import { eventLimit } from "./limit.ts";

export type Recorder = {
  /** Tells of something in an event, later and without a word if that can't be. The same again makes it a series. */
  record(event: EventInput): void;
  /** Writes what waits; gives up after `withinMs`. For the end: events that are recorded meanwhile may be lost. */
  flush(withinMs: number): Promise<void>;
  /** How many were lost: too many at once, too many of one object, or refused. */
  readonly dropped: number;
};

export type RecorderOptions = {
  api: Api;
  /** The pod's name. */
  instance: string;
  clock: Clock;
  log: { warn(keys: Record<string, unknown>, text: string): void };
  /** Whether there is work that events should not hold up. */
  isBusy?: () => boolean;
};

const EVENTS = { api: "/apis/events.k8s.io/v1", plural: "events" };

const MOST_WAITING = 1_000;
const MOST_KNOWN = 500;
/** A series ends when nothing was added for so long; then the same makes a new event. client-go's time, ms. */
const SERIES_MS = 6 * 60_000;
/** A series' count is written at most so often, ms. */
const COUNT_EVERY_MS = 5_000;
const TRIES = 6;
/** While there is work, each event waits at most so long for its end, ms; and how often that is looked at. */
const YIELD_MS = 1_000;
const LOOK_MS = 50;

/** An event that was recorded, and how often; `written` of them are in the cluster. */
type Known = { body: EventBody; count: number; written: number; seenAt: number; wall: number };

/**
 * Records events of events.k8s.io/v1 one after the other, behind a bounded queue: the oldest are dropped when the API server
 * doesn't keep up. It never blocks nor fails who calls it. While there is work it writes next to nothing: of a burst, the
 * events would cost the API server a tenth of what the work itself does.
 */
export function openRecorder({ api, instance, clock, log, isBusy = () => false }: RecorderOptions): Recorder {
  const known = new Map<string, Known>();
  const queue = new Set<Known>();
  const repeated = new Set<Known>();
  const allowed = eventLimit();
  let stop = new AbortController();
  let counting: Cancel | null = null;
  let writing: Promise<void> | null = null;
  let dropped = 0;
  let flushing = false;
  let toldForbidden = false;

  const enqueue = (event: Known): void => {
    queue.add(event);
    if (queue.size > MOST_WAITING) {
      const oldest = queue.values().next().value;
      if (oldest !== undefined) forget(oldest);
    }
    start();
  };
  const start = (): void => {
    writing ??= writeAll().finally(() => {
      writing = null;
      if (queue.size > 0) start();
    });
  };
  const forget = (event: Known): void => {
    queue.delete(event);
    repeated.delete(event);
    dropped++;
    const key = keyOf(event.body);
    if (known.get(key) === event) known.delete(key);
  };
  const writeAll = async (): Promise<void> => {
    while (queue.size > 0) {
      if (isBusy()) await yieldToWork();
      const next = first(queue);
      if (next === null) break;
      queue.delete(next);
      if (!(await write(next))) forget(next);
    }
  };
  const yieldToWork = async (): Promise<void> => {
    const until = clock.now() + YIELD_MS;
    const isHeld = (): boolean => !flushing && isBusy() && clock.now() < until;
    while (isHeld()) await pause(clock, LOOK_MS, stop.signal);
  };
  /** Whether it is in the cluster now. A server that can't be reached holds all up, for a while. */
  const write = async (event: Known): Promise<boolean> => {
    for (let tries = 0; tries < TRIES && !stop.signal.aborted; tries++) {
      const { count } = event;
      try {
        await send(event);
        event.written = count;
        return true;
      } catch (error) {
        if (stop.signal.aborted) return false;
        if (!mayHeal(error)) {
          refused(event, error);
          return false;
        }
        await pause(clock, 1_000 * 2 ** tries, stop.signal);
      }
    }
    return false;
  };
  const send = async ({ body, count, written, wall }: Known): Promise<void> => {
    const { namespace } = body.metadata;
    const series: Series = { count, lastObservedTime: microTime(wall) };
    const { signal } = stop;
    if (written > 0) {
      const patch = { body: { series }, patch: "merge", signal } as const;
      const gone = await api.request("PATCH", pathOf(EVENTS, namespace, body.metadata.name), patch).then(
        () => false,
        (error: unknown) => {
          if (isApiError(error, "NotFound")) return true;
          throw error;
        },
      );
      if (!gone) return;
      body.metadata.name = eventName(body.regarding.name);
    }
    await api
      .request("POST", pathOf(EVENTS, namespace), { body: count > 1 ? { ...body, series } : body, signal })
      .catch((error: unknown) => {
        // A try before this one that wasn't answered.
        if (!isApiError(error, "AlreadyExists")) throw error;
      });
  };
  const refused = ({ body }: Known, error: unknown): void => {
    if (error instanceof ApiError && error.status === 403) {
      // Nothing can be created in a namespace that is being deleted: that is no missing right.
      if (toldForbidden || /being terminated/.test(error.message)) return;
      toldForbidden = true;
    }
    log.warn({ namespace: body.metadata.namespace, reason: body.reason, error }, "an event could not be recorded");
  };
  const count = (): void => {
    counting = null;
    for (const event of repeated) enqueue(event);
    repeated.clear();
  };

  return {
    record(input) {
      const now = clock.now();
      const body = eventBody(input, instance, clock.wall());
      const key = keyOf(body);
      const same = known.get(key);
      known.delete(key);
      if (same !== undefined && now - same.seenAt < SERIES_MS) {
        known.set(key, same);
        Object.assign(same, { count: same.count + 1, seenAt: now, wall: clock.wall() });
        if (queue.has(same)) return;
        repeated.add(same);
        counting ??= clock.after(COUNT_EVERY_MS, count);
        return;
      }
      if (!allowed(input.regarding.uid, now)) {
        dropped++;
        return;
      }
      const event: Known = { body, count: 1, written: 0, seenAt: now, wall: clock.wall() };
      known.set(key, event);
      if (known.size > MOST_KNOWN) known.delete(known.keys().next().value ?? "");
      enqueue(event);
    },
    async flush(withinMs) {
      counting?.();
      count();
      flushing = true;
      const late = clock.after(withinMs, () => {
        for (const event of queue) forget(event);
        stop.abort();
      });
      do await writing;
      while (queue.size > 0);
      late();
      flushing = false;
      stop = new AbortController();
    },
    get dropped() {
      return dropped;
    },
  };
}

const first = (queue: Set<Known>): Known | null => queue.values().next().value ?? null;

const keyOf = ({ regarding, type, reason, note }: EventBody): string =>
  JSON.stringify([regarding.uid, regarding.kind, regarding.namespace, regarding.name, type, reason, note]);

const mayHeal = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
