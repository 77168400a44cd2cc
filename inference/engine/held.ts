/**
 * Things that are slow to open, such as networks: the last few stay open.
 */

/** Keeps at most `max` open, except for those that the current job uses. */
export class Held<T extends { release(): Promise<void> }> {
  readonly #items = new Map<string, { readonly item: Promise<T>; job: number }>();
  #job = 0;

  /** @param max how many stay open */
  constructor(readonly max: number) {}

  /** Starts a job: until the next one, nothing that it asks for is released. */
  nextJob(): void {
    this.#job += 1;
  }

  /** What is open under this key, or else what `open` opens; the least recently used is released first. */
  get(key: string, open: () => Promise<T>): Promise<T> {
    const found = this.#items.get(key);
    this.#items.delete(key);
    const item =
      found?.item ??
      Promise.resolve()
        .then(() => this.#makeRoom())
        .then(open);
    this.#items.set(key, { item, job: this.#job });
    if (found === undefined) item.catch(() => this.#items.delete(key));
    return item;
  }

  /** Releases what is beyond `max`. Called once the new item counts. */
  async #makeRoom(): Promise<void> {
    for (const [key, { item, job }] of this.#items) {
      if (this.#items.size <= this.max) return;
      if (job === this.#job) continue;
      this.#items.delete(key);
      await item.then((one) => one.release()).catch(() => undefined);
    }
  }
}
