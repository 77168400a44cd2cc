/**
 * Pairwise scores of one row of a table: its images beside those of the full-precision baseline.
 */
import type { Records, SummariseRequest } from '../../contract/evaluate-payloads.js';
import type { WirePairScore } from '../../contract/wire/compare.js';
import { BLOCK_IMAGES } from '../../contract/wire/render.js';
import { comparePairs, wholeBlocks } from '../scoring/compare-pairs.js';

const { max } = Math;

/** Pairs of one activity at least, and activities of all rows at most: the history stays far below the server's limit. */
const LEAST_PAIRS = 10 * BLOCK_IMAGES;
const MOST_RUNS = 600;
/** Activities of one row at once. */
const TOGETHER = 4;

/** What a row is compared by. */
export type ComparedRow = Pick<
  SummariseRequest,
  'prepared' | 'promptCount' | 'seedCount' | 'records' | 'full' | 'label'
>;

/** Records of the comparisons for the summary, or the records of shards that must be made again first. */
export interface RowComparison {
  readonly own: Pick<SummariseRequest, 'pairwise'>;
  readonly missing: Records;
}

/**
 * Compares what is not compared yet.
 *
 * @param scores what is computed; none are no comparison
 * @param rows rows of the table
 * @param retryFailed whether scores that are kept as failures are computed again
 */
export async function compareRow(
  { prepared, promptCount, seedCount, records: candidate, full, label }: ComparedRow,
  scores: readonly WirePairScore[],
  rows: number,
  retryFailed: boolean,
): Promise<RowComparison> {
  if (full === null || scores.length === 0) return { own: {}, missing: [] };
  const pairs = promptCount * seedCount;
  const title = `${prepared.model} ${prepared.precision}, ${label}`;
  const { records, missing } = await comparePairs(
    { network: prepared, scores, reference: full, candidate, pairs, retryFailed, title },
    { size: max(LEAST_PAIRS, wholeBlocks((pairs * rows) / MOST_RUNS)), together: TOGETHER },
  );
  return { own: { pairwise: { scores: scores.map(({ name }) => name), records } }, missing };
}
