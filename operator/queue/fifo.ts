/** Keys in the order in which they came, each once. */
export class Fifo {
  readonly #keys = new Set<string>();
  /**
   * It lives on and follows what is added, as long as it isn't asked beyond the last one. A new one would walk over the
   * places of all that were taken before.
   */
  readonly #next = this.#keys.values();

  get size(): number {
    return this.#keys.size;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Behind the others; where it is already it keeps its place. */
  add(key: string): void {
    this.#keys.add(key);
  }

  delete(key: string): boolean {
    return this.#keys.delete(key);
  }

  /** The first one, which is then gone; null if there is none. */
  take(): string | null {
    if (this.#keys.size === 0) return null;
    const { done, value } = this.#next.next();
    if (done === true) return null;
    this.#keys.delete(value);
    return value;
  }
}
