/**
 * Pairwise scores of one row of a table: its images beside those of the full-precision baseline, by workers, a run of pairs
 * at a time.
 */
import type { Records, SummariseRequest } from '../../contract/evaluate-payloads.js';
import type { WirePairScore } from '../../contract/wire/compare.js';
import { BLOCK_IMAGES } from '../../contract/wire/render.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { scoreActivities } from '../activities.js';
import { atMost } from '../at-most.js';
import { whileServed } from '../patience.js';

const { ceil, max, min } = Math;

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
  { prepared, promptCount, seedCount, records, full, label }: ComparedRow,
  scores: readonly WirePairScore[],
  rows: number,
  retryFailed: boolean,
): Promise<RowComparison> {
  const { wire, model, precision, scoreQueue } = prepared;
  if (full === null || scores.length === 0) return { own: {}, missing: [] };
  const pairs = promptCount * seedCount;
  const runs = runsOf(pairs, rows);
  const found: string[] = [];
  const missing = new Set<string>();
  const { compare } = scoreActivities(scoreQueue, null);
  await atMost(TOGETHER, runs, async ({ from, to }, i) => {
    const summary = `${model} ${precision}, ${label}: pairs ${from}-${to - 1}`;
    const request = {
      version: WIRE_VERSION as typeof WIRE_VERSION,
      network: wire,
      scores: [...scores],
      reference: [...full],
      candidate: [...records],
      from,
      to,
      retryFailed,
    };
    const made = await whileServed(model, scoreQueue, () => compare.executeWithOptions({ summary }, [request]));
    made.missing.forEach((record) => missing.add(record));
    if (made.record !== null) found[i] = made.record;
  });
  const names = scores.map(({ name }) => name);
  return { own: { pairwise: { scores: names, records: found } }, missing: [...missing] };
}

/** Runs of pairs in whole blocks. */
function runsOf(pairs: number, rows: number): { from: number; to: number }[] {
  const size = max(LEAST_PAIRS, BLOCK_IMAGES * ceil((pairs * rows) / MOST_RUNS / BLOCK_IMAGES));
  return Array.from({ length: ceil(pairs / size) }, (_, i) => ({ from: i * size, to: min(pairs, (i + 1) * size) }));
}
