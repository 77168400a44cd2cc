/**
 * Pairwise scores of one window of a gate, given out in blocks of pairs.
 */
import { QschedError } from '../../contract/errors.js';
import type { Records } from '../../contract/evaluate-payloads.js';
import type { CompareRequest, WirePairScore } from '../../contract/wire/compare.js';
import type { WireNetwork } from '../../contract/wire/network.js';
import { BLOCK_IMAGES } from '../../contract/wire/render.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { scoreActivities } from '../activities.js';
import { inBlocks } from '../scoring/in-blocks.js';

const { ceil, max, min } = Math;

/** Blocks per worker, so that workers finish together. */
const BLOCKS_EACH = 3;
/** Pairs of a block at most. */
const MOST_PAIRS = 400;

/** What is compared. */
export interface Comparison {
  readonly network: WireNetwork;
  readonly scoreQueue: string;
  readonly workers: number;
  readonly scores: readonly WirePairScore[];
  readonly reference: Records;
  readonly candidate: Records;
  readonly pairs: number;
  readonly retryFailed: boolean;
}

/** @returns the records of the pairs, in order; or the records whose images are gone, which must be made again */
export async function comparePairs({
  network,
  scoreQueue,
  workers,
  scores,
  reference,
  candidate,
  pairs,
  retryFailed,
}: Comparison): Promise<{ readonly records: string[]; readonly missing: string[] }> {
  const fair = ceil(pairs / max(1, workers) / BLOCKS_EACH / BLOCK_IMAGES) * BLOCK_IMAGES;
  const size = min(MOST_PAIRS, max(BLOCK_IMAGES, fair));
  const records: { readonly from: number; readonly record: string }[] = [];
  const missing = new Set<string>();
  const { compare } = scoreActivities(scoreQueue, null);
  let next = 0;
  await inBlocks<{ from: number; to: number }>({
    next: () => {
      if (next >= pairs) return null;
      const from = next;
      next = min(pairs, from + size);
      return { from, to: next };
    },
    limit: () => 2 * max(1, workers),
    pause: () => false,
    run: async ({ from, to }) => {
      const request: CompareRequest = {
        version: WIRE_VERSION,
        network,
        scores: [...scores],
        reference: [...reference],
        candidate: [...candidate],
        from,
        to,
        retryFailed,
      };
      const made = await compare.executeWithOptions({ summary: `pairs ${from}-${to - 1}` }, [request]);
      for (const one of made.missing) missing.add(one);
      if (made.record !== null) records.push({ from, record: made.record });
    },
  });
  if (missing.size === 0 && records.length * size < pairs) {
    throw new QschedError('failure', 'A comparison gave neither a record nor what is missing.');
  }
  return { records: records.sort((a, b) => a.from - b.from).map(({ record }) => record), missing: [...missing] };
}
