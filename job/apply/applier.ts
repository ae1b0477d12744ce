import { randomBytes } from "node:crypto";
import type { Step } from "../event.ts";
import { isServerError } from "../postgres/sqlstate.ts";
import type { ServerError } from "../postgres/sqlstate.ts";
import type { Waits } from "../postgres/waits.ts";
import { stopwatch } from "../stopwatch.ts";
import { afterSending } from "./after-sending.ts";
import type { AfterSending } from "./after-sending.ts";
import type { Bench } from "./bench.ts";
import { SEAM } from "./block.ts";
import { blockOf, lockTimeoutOf } from "./compose.ts";
import { cancelled } from "./interrupt.ts";
import { judge } from "./judge.ts";
import { runModule } from "./module-mode.ts";
import { blockLocation, completeLocation } from "./place.ts";
import type { SentBlock } from "./place.ts";
import { rollback, send } from "./send.ts";
import { endedItself } from "./sql-failure.ts";
import { runStatements } from "./statement-mode.ts";
import { readStream } from "./stream.ts";
import type { BlockState } from "./stream.ts";
import type { Task } from "./task.ts";
import { addWaits, countTries } from "./tries.ts";
import type { Tries } from "./tries.ts";

/**
 * Applies tasks in order, each when `apply` is called for it: umzug does that. Small files that may share a message are
 * sent together with the one asked for; their own calls then find them done.
 */
export class Applier {
  readonly #bench: Bench;
  readonly #events: AfterSending;
  readonly #tasks: Task[];
  readonly #nonce = randomBytes(12).toString("hex");
  readonly #done = new Set<number>();
  readonly #alone = new Set<number>();
  readonly #tries = new Map<number, Tries>();
  /** Blocks that are made before their turn. */
  readonly #ahead = new Map<number, Promise<SentBlock>>();
  /** Failures of tasks that shared a message with an earlier one: told when their own turn comes. */
  readonly #verdicts = new Map<number, Error>();

  constructor(bench: Bench, tasks: Task[]) {
    this.#events = afterSending(bench.line.onEvent);
    this.#bench = { ...bench, line: { ...bench.line, onEvent: this.#events.onEvent } };
    this.#tasks = tasks;
  }

  /** Tells what is still to be told: nothing more is applied. */
  end(): void {
    this.#events.flush();
  }

  /** Resolves once the task is committed. Rejects with a Failure, SessionLost or PlanOutdated. */
  async apply(i: number): Promise<void> {
    const { signal } = this.#bench.line;
    while (!this.#done.has(i)) {
      const verdict = this.#verdicts.get(i);
      if (verdict !== undefined) throw verdict;
      await this.#tries.get(i)?.pause(signal);
      if (signal.aborted) throw cancelled(signal);
      const task = this.#task(i);
      switch (task.mode.kind) {
        case "transaction":
          await this.#sendBlocks(i);
          break;
        case "statements":
          await this.#whole(
            i,
            "statements",
            async () => await runStatements(this.#bench, task, this.#step(i), this.#nonce),
          );
          break;
        case "module":
          await this.#module(i);
          break;
        default:
          task.mode satisfies never;
      }
    }
  }

  async #sendBlocks(first: number): Promise<void> {
    const { line, ledger } = this.#bench;
    const chosen = this.#choose(first);
    const blocks = await Promise.all(chosen.map(async (i) => await (this.#takeAhead(i) ?? this.#compose(i))));
    const clocks = new Map<number, () => number>();
    let current = first;
    const indexes = blocks.map((block) => block.index);
    const stream = readStream(
      this.#nonce,
      indexes,
      (k) => {
        current = indexes[k] ?? first;
        clocks.set(current, stopwatch());
        line.onEvent({ type: "migrating", ...this.#step(current) });
      },
      () => this.#committed(current, "transaction", clocks.get(current)?.() ?? 0),
    );
    const seam = blocks.length > 1 ? [Buffer.from(SEAM)] : [];
    for (const block of blocks) block.epilogue = Buffer.concat([...seam, block.epilogue]);
    const parts = blocks.flatMap((block) => [block.prologue, block.body, block.epilogue]);
    const lockTimeoutMs = lockTimeoutOf(this.#task(first), this.#bench.settings);
    const sending = send(line, parts, stream.progress, lockTimeoutMs, () => this.#step(current));
    this.#composeAhead(first + chosen.length);
    const { error, waits } = await sending;
    const waitedMs = addWaits(ledger, waits, error, lockTimeoutMs);
    if (error === null) {
      const left = blocks.find((_, k) => stream.blocks[k]?.committed !== true);
      // Not reached as long as no file ends the transaction itself; a success must be seen to be believed.
      if (left !== undefined) throw new Error(`the server did not confirm ${this.#task(left.index).migration.name}`);
      return;
    }
    await rollback(line);
    if (!isServerError(error)) throw error;
    if (!stream.answered() && blocks.length > 1) {
      // The server parses a message whole before it runs any of it: the error says nothing about which file is meant.
      for (const block of blocks) this.#alone.add(block.index);
      return;
    }
    const k = stream.blocks.findIndex((state) => !state.committed);
    // Committed, and yet an error after it: the file did that itself.
    if (k === -1) throw endedItself(this.#task(first), error, true);
    await this.#failed(blocks, k, stream.blocks[k], error, waits, waitedMs);
  }

  /** The task's file and those after it that may go in the same message. */
  #choose(first: number): number[] {
    const { maxFiles, maxBytes } = this.#bench.settings.batch;
    const chosen = [first];
    let bytes = this.#task(first).migration.bytes;
    const fits = (i: number): boolean => {
      const task = this.#tasks[i];
      return task?.mode.kind === "transaction" && !task.mode.alone && !this.#alone.has(i) && !this.#verdicts.has(i);
    };
    if (fits(first)) {
      for (let i = first + 1; fits(i) && chosen.length < maxFiles; i++) {
        bytes += this.#task(i).migration.bytes;
        if (bytes > maxBytes) break;
        chosen.push(i);
      }
    }
    return chosen;
  }

  /**
   * Reads and makes the blocks of the next message while the server runs this one: in between it has nothing to do. Large
   * files only when it's their turn.
   */
  #composeAhead(first: number): void {
    this.#ahead.clear();
    if (this.#tasks[first]?.mode.kind !== "transaction") return;
    for (const i of this.#choose(first)) {
      if (this.#task(i).migration.bytes > this.#bench.settings.batch.maxBytes) return;
      const composing = this.#compose(i);
      // Told when its turn comes.
      composing.catch(() => undefined);
      this.#ahead.set(i, composing);
    }
  }

  async #compose(i: number): Promise<SentBlock> {
    const task = this.#task(i);
    return blockOf(this.#bench, task, await task.read(task.migration), i, this.#nonce);
  }

  /** Each is for one message: it gets what the message has between its blocks. */
  #takeAhead(i: number): Promise<SentBlock> | undefined {
    const block = this.#ahead.get(i);
    this.#ahead.delete(i);
    return block;
  }

  async #failed(
    blocks: SentBlock[],
    k: number,
    state: BlockState | undefined,
    error: ServerError,
    waits: Waits,
    waitedMs: number,
  ) {
    const block = blocks[k];
    if (block === undefined) throw error;
    const { index } = block;
    const task = this.#task(index);
    const location = blockLocation(blocks, k, state, error, task);
    this.#alone.add(index);
    try {
      const verdict = await judge(this.#bench.line, task, error, state?.started === true, location);
      if (verdict === "try-again") this.#triesOf(index).failed(error, waits, waitedMs, location, this.#step(index));
    } catch (failure) {
      await completeLocation(location, block.content);
      if (index === blocks[0]?.index) throw failure;
      this.#verdicts.set(index, failure as Error);
    }
  }

  async #module(i: number): Promise<void> {
    const task = this.#task(i);
    const { line, settings, ledger } = this.#bench;
    await this.#whole(i, "module", async () => {
      const end = await runModule(line, task, settings, this.#step(i), this.#nonce);
      const waitedMs = addWaits(ledger, end.waits, end.error, settings.lockTimeoutMs);
      if (end.error === null) return true;
      if (!isServerError(end.error)) throw end.error;
      const { error } = end;
      await judge(line, task, error, end.started, { file: task.migration.file });
      this.#triesOf(i).failed(error, end.waits, waitedMs, { file: task.migration.file }, this.#step(i));
      return false;
    });
  }

  /** Runs what isn't a message of blocks; `work` says whether it is committed now. */
  async #whole(i: number, mode: "statements" | "module", work: () => Promise<boolean>): Promise<void> {
    const elapsed = stopwatch();
    this.#bench.line.onEvent({ type: "migrating", ...this.#step(i) });
    if (await work()) this.#committed(i, mode, elapsed());
  }

  #committed(i: number, mode: "transaction" | "statements" | "module", durationMs: number): void {
    this.#done.add(i);
    const { ledger } = this.#bench;
    const { direction, migration } = this.#task(i);
    if (direction === "up") {
      ledger.applied.push(migration.name);
      this.#events.later({ type: "migrated", ...this.#step(i), durationMs, mode });
    } else {
      ledger.reverted.push(migration.name);
      this.#events.later({ type: "reverted", ...this.#step(i), durationMs });
    }
  }

  #triesOf(i: number): Tries {
    const { settings, line } = this.#bench;
    const tries = this.#tries.get(i) ?? countTries(this.#task(i), settings.lockRetries, line.onEvent);
    this.#tries.set(i, tries);
    return tries;
  }

  #step(i: number): Step {
    return { migration: this.#task(i).migration.name, index: i + 1, total: this.#tasks.length };
  }

  #task(i: number): Task {
    const task = this.#tasks[i];
    if (task === undefined) throw new RangeError(`there is no task ${i}`);
    return task;
  }
}
