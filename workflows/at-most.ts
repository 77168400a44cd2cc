/**
 * Work that is done a few pieces at a time.
 */
const { min } = Math;

/** Runs `body` for every item, so many at a time, in order; the first that fails ends it. */
export async function atMost<T>(
  most: number,
  items: readonly T[],
  body: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      await body(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: min(most, items.length) }, lane));
}
