/**
 * Rows of batches that are given out to several processes, as workflows/scoring gives them out. Which process takes which
 * block is chance: a fixed sequence stands for it.
 */
import { blockImages, startPace } from '../../workflows/scoring/pace.js';
import { slabTrials } from '../../workflows/scoring/work.js';
import { addCounts, engineRows, NOTHING, type RowCounts, type RowRules, type Slab } from './engine-rows.js';

const { imul, min } = Math;

/** Who works. */
export interface Fleet {
  readonly workers: number;
  /** Of one process; null if nobody knows: a block is then one network call. */
  readonly secondsPerImage: number | null;
}

/** Candidates that are given out together. */
export interface CountedBatch extends Slab {
  /** Whether the images are kept as artefacts. */
  readonly kept?: boolean;
}

/** @returns what a batch takes after those that were counted before it: first calls are remembered */
export function fleetRows(rules: RowRules, { workers, secondsPerImage }: Fleet): (batch: CountedBatch) => RowCounts {
  const engines = Array.from({ length: workers }, () => engineRows(rules));
  const pace = { ...startPace(workers), secondsPerImage };
  const size = (left: number): number => blockImages(pace, left, rules.batch, 0);
  let blocks = 0;
  const next = () => engines[(imul((blocks += 1), 0x9e3779b1) >>> 16) % workers]!;
  return ({ candidates, pairs, distinct, kept }) => {
    let left = candidates * pairs.length;
    let counts = NOTHING;
    if (left === 0) return counts;
    const together = slabTrials(workers, size(left), pairs.length);
    for (let first = 0; first < candidates; first += together) {
      const own = min(together, candidates - first);
      const slab: Slab = {
        candidates: own,
        pairs,
        ...(distinct === undefined ? {} : { distinct: (level, from, to) => distinct(level, first + from, first + to) }),
      };
      for (let at = 0; at < own * pairs.length;) {
        const to = min(own * pairs.length, at + size(left));
        counts = addCounts(counts, next()(slab, [at, to], kept));
        left -= to - at;
        at = to;
      }
    }
    return counts;
  };
}
