/**
 * Work that is given out block by block for as long as there is some: as many blocks in the queue as the workers that
 * are there can use.
 */
import { CancellationScope } from '@temporalio/workflow';

/** How blocks are made and done. */
export interface Blocks<T> {
  /** The next block; null if nothing is left. */
  readonly next: () => T | null;
  /** Blocks that may be under way at once, now. */
  readonly limit: () => number;
  /** Whether no further block is to be given out; those under way are finished. */
  readonly pause: () => boolean;
  readonly run: (block: T) => Promise<void>;
}

/**
 * Runs blocks; the first failure cancels the others, and is thrown.
 *
 * @returns whether it paused before everything was given out
 */
export async function inBlocks<T>({ next, limit, pause, run }: Blocks<T>): Promise<boolean> {
  const scope = new CancellationScope();
  const running = new Set<Promise<void>>();
  let paused = false;
  try {
    await scope.run(async () => {
      for (;;) {
        while (!paused && running.size < limit()) {
          paused = running.size > 0 && pause();
          const block = paused ? null : next();
          if (block === null) break;
          const one: Promise<void> = run(block).finally(() => running.delete(one));
          one.catch(() => undefined);
          running.add(one);
        }
        if (running.size === 0) return;
        await Promise.race(running);
      }
    });
  } catch (error) {
    scope.cancel();
    throw error;
  }
  return paused;
}
