import { z } from "zod";

/**
 * The runner's log is read as any pod's output: the migrations of an application may print there too, whatever they
 * like. So every text is bounded, and has no control characters.
 */
const text = (max: number) => z.string().transform((value) => oneLine(value, max));
const count = (max: number) => z.int().min(0).max(max);
const Ms = z
  .number()
  .min(0)
  .max(365 * 86_400_000);

const Who = z.object({
  pid: count(2 ** 31),
  user: text(63).nullable(),
  application: text(63).nullable(),
  state: text(40).nullable(),
});
const Blocker = Who.extend({
  transactionAge: text(20).nullable(),
  relation: text(127).nullable(),
  mode: text(40).nullable(),
  preparedTransaction: text(200).nullable(),
});
const step = { migration: text(255), index: count(1_000_000), total: count(1_000_000) };

const line = <Event extends string>(event: Event) => ({
  event: z.literal(event),
  runId: z.string().max(36),
  time: z.iso.datetime().transform((value) => Date.parse(value)),
});

const ProgressEvent = z.discriminatedUnion("event", [
  z.object({ ...line("connecting"), reason: text(500) }),
  z.object({ ...line("connected") }),
  z.object({ ...line("reconnecting"), reason: text(500) }),
  z.object({ ...line("waiting-for-lock"), waitedMs: Ms, holder: Who.extend({ ageMs: Ms.nullable() }).nullable() }),
  z.object({ ...line("locked") }),
  z.object({ ...line("migrating"), ...step }),
  z.object({ ...line("migrated"), ...step }),
  z.object({
    ...line("blocked"),
    ...step,
    waitedMs: Ms,
    relation: text(127).nullable(),
    blockers: z.array(Blocker).max(10),
  }),
  z.object({
    ...line("retrying"),
    ...step,
    attempt: count(1_000),
    of: count(1_000),
    delayMs: Ms,
    reason: text(500),
  }),
  z.object({ ...line("finished") }),
  z.object({ ...line("failed") }),
]);

/** What a line of the runner's log says about how far its run is. `time` is the pod's clock, in ms. */
export type ProgressEvent = z.infer<typeof ProgressEvent>;

const EVENTS: ReadonlySet<string> = new Set(ProgressEvent.options.map(({ shape }) => shape.event.value));

/** In pino's order: level, time, run, event. Of another order the line is another program's. */
const HEAD = /^\{"level":"[a-z]{4,5}","time":"[^"]{20,30}","runId":"([^"]{1,36})","event":"([a-z-]{1,20})"/;

/** Whether the line can matter, told without parsing it: a run of 5,000 migrations logs 10,000 lines. */
export function mayMatter(raw: string, runId: string): boolean {
  const head = HEAD.exec(raw);
  return head !== null && head[1] === runId && EVENTS.has(head[2] ?? "");
}

/** The event of one line of that run's log; null where it is anything else. Never throws. */
export function parseLine(raw: string, runId: string): ProgressEvent | null {
  if (!mayMatter(raw, runId)) return null;
  try {
    const { data } = ProgressEvent.safeParse(JSON.parse(raw));
    return data?.runId === runId ? data : null;
  } catch {
    return null;
  }
}

/** Cut before it is cleaned: a text may be as long as a line. Half of a surrogate pair can't be written as JSON. */
function oneLine(value: string, max: number): string {
  const plain = value
    .slice(0, max)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
  return value.length > max ? `${plain.slice(0, max - 1)}…` : plain;
}
