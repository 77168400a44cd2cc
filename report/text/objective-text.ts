/**
 * How a score is made of its two terms, in words.
 */
import type { MeanTerms } from '../../metrics/objectives/jaq.js';
import { canonicalJson } from '../../contract/canonical-json.js';
import type { ObjectiveChoice } from '../../contract/search-spec.js';

/** What a formula is made of; k is a number, or the letter if several values are shown. */
export interface FormulaOf {
  readonly type: string;
  readonly k: number | 'k';
  readonly weights?: ObjectiveChoice['weights'] | null;
}

const BOTH: MeanTerms = { tc: 0, iq: 0 };

/** Whether an objective of this type has a k. */
export const usesK = (type: string): boolean => type !== 'iq' && type !== 'weighted';

/** @param terms mean terms of any candidate; a term that is null is not part of the score */
export function scoreFormula({ type, k, weights }: FormulaOf, { tc, iq }: MeanTerms = BOTH): string {
  if (type === 'iq') return 'quality';
  if (type === 'jaq-preference-tables') return `${k} x text + quality`;
  if (type !== 'weighted') return `text + ${k} x quality`;
  const quality = k === 'k' && tc !== null ? 'k x quality' : 'quality';
  const sum = [...(tc === null ? [] : ['text']), ...(iq === null ? [] : [quality])].join(' + ');
  return weights ? `${sum}, weights ${canonicalJson(weights)}` : sum;
}

/** What a search for repair maximises; parameters as those of `scoreFormula`. */
export const repairFormula = (objective: FormulaOf, terms?: MeanTerms): string =>
  `repair: gain - max(0, gain of full precision), each in ${scoreFormula(objective, terms)}`;
