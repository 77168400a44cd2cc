/**
 * Two coefficients per step against the linear solution, for people.
 */
import type { LinearComparison } from '../../contract/search-result.js';
import { GAIN_HEADS, gainCells } from './numbers.js';
import type { ScorerNames } from './scorer-label.js';
import { textTable } from './table-document.js';

/** The gain over the linear finalist in every scorer, and which of the two to use. */
export function linearLines({ searchId, scorers, recommend }: LinearComparison, nameOf: ScorerNames): string[] {
  const [first] = scorers;
  if (first === undefined) return ['', `the linear finalist of ${searchId} could not be compared: its images failed`];
  return [
    '',
    textTable([
      [`over the linear finalist (${first.prompts} prompts)`, 'linear', ...GAIN_HEADS.slice(1)],
      ...scorers.map((gain) => [nameOf(gain.scorer), ...gainCells(gain)]),
    ]),
    recommend === 'per-step'
      ? '  two coefficients per step are better than linear ones on held-out prompts'
      : `  two coefficients per step are not proven better than linear ones: use those of ${searchId} (npx qsched export ${searchId})`,
  ];
}
