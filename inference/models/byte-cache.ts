/**
 * A cache of arrays with a budget in bytes; the least recently used entry goes first.
 */

/** Keeps what `make` returned while the budget allows. */
export class ByteCache {
  readonly #entries = new Map<string, Float32Array>();
  #bytes = 0;

  /** @param budget bytes that may be kept */
  constructor(readonly budget: number) {}

  get(key: string): Float32Array | undefined {
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
    }
    return found;
  }

  set(key: string, value: Float32Array): void {
    if (this.#entries.has(key)) return;
    this.#entries.set(key, value);
    this.#bytes += value.byteLength;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.budget) return;
      this.#entries.delete(oldest);
      this.#bytes -= entry.byteLength;
    }
  }
}
