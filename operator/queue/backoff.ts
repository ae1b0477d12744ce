const FIRST_MS = 5;
const LONGEST_MS = 60_000;

/** How long each key waits after its failures: 5 ms, doubled with each one up to a minute, less up to a half of it. */
export class Backoff {
  readonly #failures = new Map<string, number>();
  readonly #random: () => number;

  /** `random` gives from 0 to less than 1: keys that failed together don't come back together. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Another failure of that key: which one in a row, and how many ms to wait now. */
  failed(key: string): { failures: number; waitMs: number } {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const waitMs = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
    return { failures, waitMs: waitMs * (1 - this.#random() / 2) };
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** How many keys have failed and not yet succeeded. */
  get size(): number {
    return this.#failures.size;
  }
}
