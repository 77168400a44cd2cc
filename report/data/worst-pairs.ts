/**
 * The pairs of images that are furthest apart, from the records of comparisons in the artefact folder.
 */
import { decodePairs } from '../../artefacts/pair-record.js';
import { readObject } from '../../artefacts/read-object.js';
import type { EvaluatedRow } from '../../contract/evaluate-spec.js';
import { pairScoreParts } from '../../contract/pair-score.js';
import { PAIR_SCORE_TABLE } from '../../metrics/pairwise/pair-score-table.js';
import type { TableDocument } from '../documents/table-document.js';
import { imageSources, type ImagePlace } from './image-sources.js';
import { nameOfPrompt, type TablePrompts } from './table-images.js';

/** Rows that are shown, and pairs of each. */
const MOST_ROWS = 4;
const PAIRS = 4;

interface Pair {
  readonly at: number;
  readonly value: number;
  readonly reference: string;
  readonly candidate: string;
}

/** By the first pairwise score of each row, the worst first; rows whose records are not here are left out. */
export function worstPairs(
  rows: readonly Pick<EvaluatedRow, 'pairs' | 'pairwise'>[],
  nameOf: (row: number) => string,
  prompts: TablePrompts,
  place: ImagePlace,
): TableDocument['worst'] {
  const found = rows
    .flatMap((row, i) => {
      const [score] = Object.keys(row.pairwise ?? {});
      const pairs = score === undefined ? [] : worstOf(score, row.pairs ?? [], place.folder);
      return score === undefined || pairs.length === 0 ? [] : [{ row: nameOf(i), score, pairs }];
    })
    .slice(0, MOST_ROWS);
  const wanted = found.flatMap(({ pairs }) => pairs.flatMap(({ reference, candidate }) => [reference, candidate]));
  const { sources } = imageSources(wanted, place);
  let next = 0;
  return found.map(({ row, score, pairs }) => ({
    row,
    score,
    better: PAIR_SCORE_TABLE[pairScoreParts(score).score].direction,
    pairs: pairs.map(({ at, value }) => ({
      prompt: nameOfPrompt(prompts, Math.floor(at / prompts.seeds.length)),
      seed: prompts.seeds[at % prompts.seeds.length]!,
      value,
      reference: sources[next++]!,
      candidate: sources[next++]!,
    })),
  }));
}

function worstOf(score: string, records: readonly string[], folder: string): Pair[] {
  const pairs: Pair[] = [];
  let first = 0;
  for (const hash of records) {
    const bytes = readObject(folder, hash);
    const record = bytes === undefined ? undefined : decodePairs(bytes);
    const column = record?.scores.indexOf(score) ?? -1;
    if (record === undefined || column === -1) return [];
    const { scores, reference, candidate, values } = record;
    reference.forEach((image, i) => {
      const value = values[i * scores.length + column]!;
      if (Number.isFinite(value)) pairs.push({ at: first + i, value, reference: image, candidate: candidate[i]! });
    });
    first += reference.length;
  }
  const sign = PAIR_SCORE_TABLE[pairScoreParts(score).score].direction === 'higher' ? 1 : -1;
  return pairs.sort((a, b) => sign * (a.value - b.value) || a.at - b.at).slice(0, PAIRS);
}
