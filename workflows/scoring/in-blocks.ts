/**
 * Work that is given out block by block for as long as there is some: as many blocks in the queue as the workers that
 * are there can use.
 */
import { CancellationScope, condition } from '@temporalio/workflow';

/** How blocks are made and done. */
export interface Blocks<T> {
  /** The next block; null if nothing is left. */
  readonly next: () => T | null;
  /** Blocks that may be under way at once, now. */
  readonly limit: () => number;
  /** Whether no further block is to be given out; those under way are finished. */
  readonly pause: () => boolean;
  readonly run: (block: T) => Promise<void>;
  /** Whether a person holds the work: no block is given out until it is let go. */
  readonly held?: () => boolean;
  /** Whether a person has stopped it: nothing more is given out, and what is under way is finished. */
  readonly halted?: () => boolean;
}

const never = (): boolean => false;

/**
 * Runs blocks; the first failure cancels the others, and is thrown.
 *
 * @returns whether it paused before everything was given out
 */
export async function inBlocks<T>(blocks: Blocks<T>): Promise<boolean> {
  const { next, limit, pause, run, held = never, halted = never } = blocks;
  const holds = (): boolean => held() && !halted();
  const scope = new CancellationScope();
  const running = new Set<Promise<void>>();
  let paused = false;
  try {
    await scope.run(async () => {
      for (;;) {
        while (!paused && !held() && !halted() && running.size < limit()) {
          paused = running.size > 0 && pause();
          const block = paused ? null : next();
          if (block === null) break;
          const one: Promise<void> = run(block).finally(() => running.delete(one));
          one.catch(() => undefined);
          running.add(one);
        }
        if (running.size === 0 && !holds()) return;
        // Without a hold nothing but the blocks is waited for: histories without one replay as they were recorded.
        await Promise.race(holds() ? [...running, condition(() => !holds())] : running);
      }
    });
  } catch (error) {
    scope.cancel();
    throw error;
  }
  return paused;
}
