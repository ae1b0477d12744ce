/** Keys in the order in which they came, each once. */
export class Fifo {
  readonly #keys = new Set<string>();
  /** It lives on and follows what is added: a new one would walk over the places of all that were taken before. */
  #next = this.#keys.values();

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
    let next = this.#next.next();
    if (next.done === true) {
      this.#next = this.#keys.values();
      next = this.#next.next();
    }
    if (next.done === true) return null;
    this.#keys.delete(next.value);
    return next.value;
  }
}
