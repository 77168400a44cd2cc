/**
 * Pairwise scores from the records of comparisons (`CompareResult.record`).
 */
import type { ArtefactStore } from '../artefacts/artefact-store.js';
import { decodePairs } from '../artefacts/pair-record.js';

/** Pairs in order, over all records. */
export interface ReadPairs {
  readonly reference: readonly string[];
  readonly candidate: readonly string[];
  readonly failed: readonly { readonly at: number; readonly reason: string }[];
  /** Each score by its name, one number per pair; NaN where it failed. */
  readonly values: Readonly<Record<string, Float64Array>>;
}

/**
 * All pairs of a comparison.
 *
 * @param scores names of the scores
 * @param records in the order of their pairs
 * @param missing receives records that are gone, damaged, or of other scores
 */
export function readPairs(
  scores: readonly string[],
  records: readonly string[],
  artefacts: Pick<ArtefactStore, 'get'>,
  missing: Set<string>,
): ReadPairs {
  const columns = scores.map((): number[] => []);
  const pairs = { reference: [] as string[], candidate: [] as string[], failed: [] as ReadPairs['failed'][number][] };
  for (const hash of records) {
    const bytes = artefacts.get(hash);
    const record = bytes === undefined ? undefined : decodePairs(bytes);
    if (record === undefined || !scores.every((score) => record.scores.includes(score))) {
      missing.add(hash);
      continue;
    }
    const width = record.scores.length;
    pairs.failed.push(...record.failed.map(({ at, reason }) => ({ at: at + pairs.reference.length, reason })));
    pairs.reference.push(...record.reference);
    pairs.candidate.push(...record.candidate);
    scores.forEach((score, i) => {
      const column = record.scores.indexOf(score);
      for (let row = 0; row < record.reference.length; row += 1) {
        columns[i]!.push(record.values[row * width + column]!);
      }
    });
  }
  const values = Object.fromEntries(scores.map((score, i) => [score, Float64Array.from(columns[i]!)]));
  return { ...pairs, values };
}
