import type { Cancel, Clock } from "../clock.ts";

type Entry = { key: string; at: number };

/** A heap may hold so many entries that count no more before it is made anew. */
const SPARE = 64;

/** When which key is due: a heap with one timer, because thousands of keys that wait for hours each need one else. */
export class Schedule {
  readonly #clock: Clock;
  readonly #due: (key: string) => void;
  /** What counts. An entry of the heap that isn't here is passed over. */
  readonly #at = new Map<string, number>();
  #heap: Entry[] = [];
  #timer: { at: number; cancel: Cancel } | null = null;

  constructor(clock: Clock, due: (key: string) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** How many keys wait for their time. */
  get size(): number {
    return this.#at.size;
  }

  /** What it keeps in memory: `size`, and a bounded number that counts no more. */
  get entries(): number {
    return this.#heap.length;
  }

  /** Calls with the key in `ms`, unless it is due earlier anyway: the earliest wins. */
  add(key: string, ms: number): void {
    const at = this.#clock.now() + Math.max(ms, 0);
    if ((this.#at.get(key) ?? Infinity) <= at) return;
    this.#at.set(key, at);
    push(this.#heap, { key, at });
    this.#tidy();
    this.#arm();
  }

  delete(key: string): void {
    this.#at.delete(key);
    this.#tidy();
  }

  /** Forgets all keys, and the timer. */
  clear(): void {
    this.#at.clear();
    this.#heap = [];
    this.#timer?.cancel();
    this.#timer = null;
  }

  #tidy(): void {
    if (this.#heap.length <= 2 * this.#at.size + SPARE) return;
    // What is sorted is a heap.
    this.#heap = [...this.#at].map(([key, at]) => ({ key, at })).toSorted((a, b) => a.at - b.at);
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || (this.#timer !== null && this.#timer.at <= first.at)) return;
    this.#timer?.cancel();
    const cancel = this.#clock.after(first.at - this.#clock.now(), () => this.#ring());
    this.#timer = { at: first.at, cancel };
  }

  #ring(): void {
    this.#timer = null;
    const now = this.#clock.now();
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      pop(this.#heap);
      if (this.#at.get(first.key) !== first.at) continue;
      this.#at.delete(first.key);
      this.#due(first.key);
    }
    this.#arm();
  }
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.push(entry) - 1;
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex];
    if (parent === undefined || parent.at <= entry.at) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = entry;
}

/** Removes the first. */
function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const left = heap[2 * index + 1];
    const right = heap[2 * index + 2];
    if (left === undefined) break;
    const [child, childIndex] =
      right !== undefined && right.at < left.at ? [right, 2 * index + 2] : [left, 2 * index + 1];
    if (child.at >= last.at) break;
    heap[index] = child;
    index = childIndex;
  }
  heap[index] = last;
}
