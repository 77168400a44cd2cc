/**
 * A cache with a budget in bytes; the least recently used entry is dropped first.
 */

/** What says how many bytes it takes. */
type Sized = { readonly byteLength: number } | { readonly bytes: number };

/** Keeps entries while the budget allows. */
export class ByteCache<T extends Sized = Float32Array> {
  readonly #entries = new Map<string, T>();
  #bytes = 0;

  /** @param budget bytes that may be kept */
  constructor(readonly budget: number) {}

  get(key: string): T | undefined {
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
    }
    return found;
  }

  set(key: string, value: T): void {
    if (this.#entries.has(key)) return;
    this.#entries.set(key, value);
    this.#bytes += sizeOf(value);
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.budget) return;
      this.#entries.delete(oldest);
      this.#bytes -= sizeOf(entry);
    }
  }
}

const sizeOf = (value: Sized): number => ('bytes' in value ? value.bytes : value.byteLength);
