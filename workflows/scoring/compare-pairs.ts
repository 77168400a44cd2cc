/**
 * Pairwise scores of images beside those of a reference, by workers, a run of pairs at a time.
 */
import { QschedError } from '../../contract/errors.js';
import type { Records } from '../../contract/evaluate-payloads.js';
import type { PreparedNetwork } from '../../contract/prepared-network.js';
import type { CompareRequest, WirePairScore } from '../../contract/wire/compare.js';
import { BLOCK_IMAGES } from '../../contract/wire/render.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { scoreActivities } from '../activities.js';
import { atMost } from '../at-most.js';

const { ceil, min } = Math;

/** What is compared. */
export interface Comparison {
  /** The network whose workers compare, and by whose model the roles of scorers go: they ran it, so nobody is waited for first. */
  readonly network: Pick<PreparedNetwork, 'wire' | 'scoreQueue'>;
  readonly scores: readonly WirePairScore[];
  /** Records of the shards of each side. */
  readonly reference: Records;
  readonly candidate: Records;
  readonly pairs: number;
  /** Whether scores that are kept as failures are computed again. */
  readonly retryFailed: boolean;
  /** What the Temporal UI calls it. */
  readonly title: string;
}

/** How it is given out. */
export interface PairRuns {
  /** Pairs of one activity: whole blocks. */
  readonly size: number;
  /** Activities at once. */
  readonly together: number;
}

/** Records of the pairs, in order; or the records of shards whose images are gone, which must be made again first. */
export interface ComparedPairs {
  readonly records: Records;
  readonly missing: Records;
}

/** At least so many pairs, in whole blocks. */
export const wholeBlocks = (pairs: number): number => BLOCK_IMAGES * ceil(pairs / BLOCK_IMAGES);

/** Compares what is not compared yet. */
export async function comparePairs(
  { network, scores, reference, candidate, pairs, retryFailed, title }: Comparison,
  { size, together }: PairRuns,
): Promise<ComparedPairs> {
  const { wire, scoreQueue } = network;
  const { compare } = scoreActivities(scoreQueue, null);
  const records: string[] = [];
  const missing = new Set<string>();
  const starts = Array.from({ length: ceil(pairs / size) }, (_, i) => i * size);
  await atMost(together, starts, async (from, i) => {
    const to = min(pairs, from + size);
    const request: CompareRequest = {
      version: WIRE_VERSION,
      network: wire,
      scores: [...scores],
      reference: [...reference],
      candidate: [...candidate],
      from,
      to,
      retryFailed,
    };
    const summary = `${title}: pairs ${from}-${to - 1}`;
    const made = await compare.executeWithOptions({ summary }, [request]);
    made.missing.forEach((record) => missing.add(record));
    if (made.record !== null) records[i] = made.record;
  });
  if (missing.size === 0 && records.filter((record) => record !== undefined).length < starts.length) {
    throw new QschedError('failure', 'A comparison gave neither a record nor what is missing.');
  }
  return { records, missing: [...missing] };
}
