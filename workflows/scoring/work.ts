/**
 * The open evaluations of a batch in the order in which they are given out, and how a block is taken off.
 *
 * Candidates on the same (prompt, seed) pair share the beginning of their trajectories, so the order goes through the
 * pairs, and through the candidates within a pair: a block holds all candidates of its pairs but for the pairs at its
 * two ends. Large batches go slab by slab, so that candidates are completed on the way. The order changes no score.
 */
import type { OpenTrial } from '../../contract/payloads.js';

const { max, min } = Math;

/** One trial's part of a block. */
export interface Piece {
  readonly trial: OpenTrial;
  /** Pairs of the split, as prompt * seeds + seed indices, in order. */
  readonly pairs: readonly number[];
}

/** Open evaluations; `take` removes them from the front. */
export class Work {
  private readonly slabs: { readonly trial: number; readonly pair: number }[][] = [];
  private slab = 0;
  private at = 0;
  private open: number;

  /**
   * @param trials in ask order, each once
   * @param pairs pairs of the split
   * @param slabTrials trials that are worked on together
   */
  constructor(
    private readonly trials: readonly OpenTrial[],
    pairs: number,
    slabTrials: number,
  ) {
    const size = max(1, slabTrials);
    for (let first = 0; first < trials.length; first += size) {
      const own = trials.slice(first, first + size).map(({ missing }) => (missing === null ? null : new Set(missing)));
      const items: { trial: number; pair: number }[] = [];
      for (let pair = 0; pair < pairs; pair += 1) {
        own.forEach((missing, k) => {
          if (missing === null || missing.has(pair)) items.push({ trial: first + k, pair });
        });
      }
      this.slabs.push(items);
    }
    this.open = this.slabs.reduce((sum, { length }) => sum + length, 0);
  }

  /** Evaluations that no block holds yet. */
  get left(): number {
    return this.open;
  }

  /** The next block of at most `images` evaluations; empty if nothing is left. A block stays within a slab. */
  take(images: number): Piece[] {
    while (this.slab < this.slabs.length && this.at === this.slabs[this.slab]!.length) {
      this.slab += 1;
      this.at = 0;
    }
    const items = this.slabs[this.slab]?.slice(this.at, this.at + images) ?? [];
    this.at += items.length;
    this.open -= items.length;
    const pairsOf = new Map<number, number[]>();
    for (const { trial, pair } of items) {
      const known = pairsOf.get(trial);
      if (known === undefined) pairsOf.set(trial, [pair]);
      else known.push(pair);
    }
    return [...pairsOf].sort(([a], [b]) => a - b).map(([trial, pairs]) => ({ trial: this.trials[trial]!, pairs }));
  }
}

/** Trials per slab: enough that every worker finds two blocks in it. */
export const slabTrials = (workers: number, images: number, pairs: number): number =>
  min(256, max(8, Math.ceil((2 * workers * images) / max(1, pairs))));
