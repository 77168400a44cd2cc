/**
 * Which scorers an objective may need, before anybody has looked whether they are there.
 */
import type { ObjectiveChoice } from '../../contract/search-spec.js';
import { SCORE_TABLE } from '../scores/score-table.js';

/** Names of scorers, each once. A superset of what the plan will use. */
export function scorersAsked(
  { type, scorer, weights }: ObjectiveChoice,
  beside: readonly string[],
  features: string | null = null,
): string[] {
  const preference = type === 'jaq-preference' || type === 'jaq-preference-tables';
  const weighted = Object.keys(weights ?? {}).map((name) => {
    const [score = '', at] = name.split('@');
    const known = Object.hasOwn(SCORE_TABLE, score) ? SCORE_TABLE[score] : undefined;
    return at ?? (known === undefined ? score : (known.scorer ?? scorer));
  });
  const own = type === 'weighted' ? weighted : preference ? ['aq-map', 'hpsv2'] : [scorer];
  return [...new Set([...own, ...beside, ...(features === null ? [] : [features])])];
}
