/**
 * Two coefficients per step against the linear solution, for people.
 */
import type { LinearComparison } from '../../contract/search-result.js';
import { GAIN_HEADS, gainCells } from '../../report/text/numbers.js';
import type { ScorerNames } from '../../report/text/scorer-label.js';
import { linearSentence } from '../../report/text/verdict-sentences.js';
import { textTable } from './table-document.js';

/** The gain over the linear finalist in every scorer, and which of the two to use. */
export function linearLines(linear: LinearComparison, nameOf: ScorerNames): string[] {
  const { scorers } = linear;
  const [first] = scorers;
  if (first === undefined) return ['', linearSentence(linear)];
  return [
    '',
    textTable([
      [`over the linear finalist (${first.prompts} prompts)`, 'linear', ...GAIN_HEADS.slice(1)],
      ...scorers.map((gain) => [nameOf(gain.scorer), ...gainCells(gain)]),
    ]),
    `  ${linearSentence(linear)}`,
  ];
}
