/**
 * Counts of workers that are good for a few seconds: a generation that follows another at once does not ask the server
 * again.
 */

const COUNT_MILLISECONDS = 5000;

/** Counts who polls a queue. */
type CountWorkers = (queue: string) => Promise<number>;

/** The same, asking at most every five seconds per queue. */
export function rememberedCount(count: CountWorkers): CountWorkers {
  const known = new Map<string, { readonly at: number; readonly workers: number }>();
  return async (queue) => {
    const found = known.get(queue);
    if (found !== undefined && Date.now() - found.at < COUNT_MILLISECONDS) return found.workers;
    const workers = await count(queue);
    known.set(queue, { at: Date.now(), workers });
    return workers;
  };
}
