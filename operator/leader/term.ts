import type { Cancel, Clock } from "../clock.ts";

/** What the leader's work asks before it acts. Once it has said no it never says yes again. */
export type Leading = {
  /** Whether the lease is ours at this moment, by our own clock: a process that was stopped past it sees so at once. */
  leads(): boolean;
  /** Until when it is, in the clock's monotonic ms; -Infinity once it is over. What is sent by then arrives in time. */
  leadsUntil(): number;
  /** Aborted when the lease is lost, or when we are to stop. The lease stays ours while the work ends. */
  signal: AbortSignal;
};

/** The state behind it: until when the lease is ours, and that it is over when that time has passed. */
export class Term implements Leading {
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #lost = Promise.withResolvers<"lost">();
  #until: number;
  #isOver = false;
  #cancel: Cancel | null = null;

  constructor(clock: Clock, until: number) {
    this.#clock = clock;
    this.#until = until;
    this.#watch();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Resolves when the lease is lost. */
  get lost(): Promise<"lost"> {
    return this.#lost.promise;
  }

  leads(): boolean {
    // A timer comes too late here: what the process wakes up with is whatever it was about to do.
    if (!this.#isOver && this.#clock.now() >= this.#until) this.lose();
    return !this.#isOver;
  }

  leadsUntil(): number {
    return this.leads() ? this.#until : -Infinity;
  }

  /** It was renewed by a request that was sent early enough for this. */
  extend(until: number): void {
    this.#until = Math.max(this.#until, until);
  }

  lose(): void {
    if (this.#isOver) return;
    this.close();
    this.#controller.abort(new Error("The lease is lost."));
    this.#lost.resolve("lost");
  }

  /** Asks the work to end; the lease stays ours. */
  stop(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** The work has ended: what is still under way must not act any more. No timer is left. */
  close(): void {
    this.#isOver = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  #watch(): void {
    this.#cancel = this.#clock.after(this.#until - this.#clock.now(), () => {
      if (this.leads()) this.#watch();
    });
  }
}
