/**
 * Names of the scores that raw terms give.
 */
import { SCORE_TABLE } from '../scores/score-table.js';

/**
 * @param terms raw terms by scorer
 * @param objective the scorer of CLIP scores that name none
 * @returns names as in `objective.weights`
 */
export const namesOfTerms = (terms: ReadonlyMap<string, readonly string[]>, objective: string): string[] =>
  [...terms].flatMap(([scorer, names]) =>
    names.flatMap((term) => {
      const entries = Object.entries(SCORE_TABLE).filter(([, entry]) => entry.term === term);
      if (entries.length === 0) return [`${term}@${scorer}`];
      return entries.map(([name, entry]) => ((entry.scorer ?? objective) === scorer ? name : `${name}@${scorer}`));
    }),
  );
