import type { Clock } from "../clock.ts";
import { Backoff } from "./backoff.ts";
import { Fifo } from "./fifo.ts";
import { Schedule } from "./schedule.ts";

/** Does a key's work. Answers in how many ms it wants to be called again at the latest; null: not by time. */
export type Worker = (key: string) => Promise<number | null>;

/** What became of a call that threw: which one in a row, and when the next one comes. */
export type Failed = { key: string; error: unknown; failures: number; againInMs: number };

export type QueueOptions = { clock: Clock; failed: (failed: Failed) => void; random?: () => number };

/** Of so many keys that are taken one is of the backlog, even while fresh ones keep coming. */
const BACKLOG_SHARE = 16;

/** So many are begun in one turn of the event loop: a look takes a millisecond, and who asks this process waits for it. */
const A_TURN = 2;

type Wish = "fresh" | "low" | null;

/**
 * Keys of resources that wait for their work, as client-go's work queue keeps them: a key waits once however often it was
 * added, never runs twice at once, and one that is added while it runs waits again as soon as that run is done.
 *
 * Fresh changes go before the backlog (`addLow`). Who asked by time for a key that runs before that, for whatever cause,
 * has got what was asked for: a run looks at everything, and says itself when to come again.
 */
export class Queue {
  readonly #clock: Clock;
  readonly #failed: (failed: Failed) => void;
  readonly #backoff: Backoff;
  readonly #schedule: Schedule;
  readonly #fresh = new Fifo();
  readonly #low = new Fifo();
  /** The running keys, and how each is to wait again when its run is done. */
  readonly #running = new Map<string, Wish>();
  #runner: { worker: Worker; concurrency: number; signal: AbortSignal; ended: () => void } | null = null;
  #startsSoon = false;
  #taken = 0;

  constructor({ clock, failed, random = Math.random }: QueueOptions) {
    this.#clock = clock;
    this.#failed = failed;
    this.#backoff = new Backoff(random);
    this.#schedule = new Schedule(clock, (key) => this.add(key));
  }

  /** How many keys wait to run, those that wait for their time not counted. */
  get waiting(): number {
    return this.#fresh.size + this.#low.size;
  }

  /** How many keys run now. */
  get running(): number {
    return this.#running.size;
  }

  /** How many keys wait for their time. */
  get scheduled(): number {
    return this.#schedule.size;
  }

  /** As soon as a worker is free. */
  add(key: string): void {
    if (this.#running.has(key)) {
      this.#running.set(key, "fresh");
      return;
    }
    this.#low.delete(key);
    this.#fresh.add(key);
    this.#startSoon();
  }

  /** After all fresh ones: what must be looked at, though nothing says that it changed. */
  addLow(key: string): void {
    if (this.#running.has(key)) {
      if (this.#running.get(key) === null) this.#running.set(key, "low");
      return;
    }
    if (this.#fresh.has(key)) return;
    this.#low.add(key);
    this.#startSoon();
  }

  /** In `ms`; if it was asked for more than once the earliest wins. */
  addAfter(key: string, ms: number): void {
    this.#schedule.add(key, ms);
  }

  /**
   * Runs the worker for the keys, as many at once as `concurrency`, until the signal is aborted; resolves when the runs
   * that had begun by then are done, and keys that still wait are forgotten. Never rejects: a worker that throws is told
   * of by `failed` and called again, after a time that grows with each failure in a row (see Backoff).
   */
  async run(worker: Worker, concurrency: number, signal: AbortSignal): Promise<void> {
    if (this.#runner !== null) throw new Error("The queue is being run already.");
    await new Promise<void>((ended) => {
      this.#runner = { worker, concurrency, signal, ended };
      signal.addEventListener("abort", () => this.#start(), { once: true });
      this.#start();
    });
    this.#runner = null;
    this.#schedule.clear();
    for (const keys of [this.#fresh, this.#low]) while (keys.take() !== null);
  }

  /** Not at once: changes that come together make one run, and between the runs the network gets its turn. */
  #startSoon(): void {
    if (this.#startsSoon || this.#runner === null) return;
    this.#startsSoon = true;
    this.#clock.soon(() => {
      this.#startsSoon = false;
      this.#start();
    });
  }

  #start(): void {
    if (this.#runner === null) return;
    const { worker, concurrency, signal, ended } = this.#runner;
    for (let begun = 0; !signal.aborted && this.#running.size < concurrency; begun++) {
      if (begun === A_TURN) return this.#startSoon();
      const key = this.#take();
      if (key === null) break;
      void this.#work(key, worker);
    }
    if (signal.aborted && this.#running.size === 0) ended();
  }

  #take(): string | null {
    const backlogFirst = ++this.#taken % BACKLOG_SHARE === 0;
    return backlogFirst ? (this.#low.take() ?? this.#fresh.take()) : (this.#fresh.take() ?? this.#low.take());
  }

  async #work(key: string, worker: Worker): Promise<void> {
    this.#running.set(key, null);
    this.#schedule.delete(key);
    try {
      const againInMs = await worker(key);
      this.#backoff.forget(key);
      if (againInMs !== null) this.addAfter(key, againInMs);
    } catch (error) {
      const { failures, waitMs } = this.#backoff.failed(key);
      this.#failed({ key, error, failures, againInMs: waitMs });
      this.addAfter(key, waitMs);
    }
    const wish = this.#running.get(key);
    this.#running.delete(key);
    if (wish === "fresh") this.add(key);
    if (wish === "low") this.addLow(key);
    this.#startSoon();
  }
}
