/**
 * Pairwise scores of one row of a table.
 */
import type { SummariseRequest } from '../contract/evaluate-payloads.js';
import type { ArtefactStore } from '../artefacts/artefact-store.js';
import { meanScores, type MeanInterval } from '../metrics/statistics/summary.js';
import { readPairs } from './read-pairs.js';

/** Means over pairs. */
export interface RowPairs {
  /** By the name of the score, over the pairs that have it, with the interval clustered by prompt. */
  readonly means: Readonly<Record<string, MeanInterval>>;
  /** Records of the comparisons. */
  readonly records: readonly string[];
  /** Scores that some pairs lack: how many of them, and the first reasons. */
  readonly lost: readonly { readonly score: string; readonly pairs: number; readonly reasons: readonly string[] }[];
}

/** Reasons that are told. */
const REASONS = 2;

/** Null for a row that is not compared. @param missing receives records that are gone */
export function readRowPairs(
  { pairwise, promptCount: prompts, seedCount: seeds }: SummariseRequest,
  artefacts: Pick<ArtefactStore, 'get'>,
  missing: Set<string>,
): RowPairs | null {
  if (pairwise === undefined) return null;
  const { scores, records } = pairwise;
  const gone = new Set<string>();
  const { values, failed } = readPairs(scores, records, artefacts, gone);
  gone.forEach((record) => missing.add(record));
  if (gone.size > 0) return null;
  const means: Record<string, MeanInterval> = {};
  const lost: RowPairs['lost'][number][] = [];
  for (const score of scores) {
    const own = values[score]!;
    const table = { prompts, seeds, scorers: [{ scorer: 'pairs', names: [score], values: own }] };
    const { [`${score}@pairs`]: mean } = meanScores(table);
    if (mean !== undefined) means[score] = mean;
    const without = own.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
    const reasons = failed.filter(({ at }) => !Number.isFinite(own[at]!)).map(({ reason }) => reason);
    if (without > 0) lost.push({ score, pairs: without, reasons: [...new Set(reasons)].slice(0, REASONS) });
  }
  return { means, records, lost };
}
