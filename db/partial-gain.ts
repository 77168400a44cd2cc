/**
 * The gain over the baseline of a candidate that was scored on some pairs only, on these pairs.
 */
import { createObjective } from '../metrics/objectives/jaq.js';
import type { ObjectivePlan } from '../contract/objective-plan.js';
import { knownEvaluations, splitPrompts } from './evaluations.js';
import type { Store } from './open-store.js';
import { findSearch, searchContextIds } from './searches.js';

/**
 * Reads the stored terms of a search's calibration images.
 *
 * @param baseline the candidate of its baseline
 * @param plan the objective to compute gains in; its scorers are those of the search
 * @returns gains by candidate; NaN for one that shares no scored pair with the baseline
 */
export function partialGains(
  store: Store,
  searchId: string,
  baseline: string,
  plan: ObjectivePlan,
): (candidate: string) => number {
  const objective = createObjective(plan);
  const { precision, prompts } = findSearch(store, searchId)!.spec;
  const all = searchContextIds(store, searchId, precision);
  const contexts = Object.fromEntries(objective.scorers.map((scorer) => [scorer, all[scorer]!]));
  const promptIds = splitPrompts(store, searchId, 'calibration');
  const read = (candidate: string) => knownEvaluations(store, contexts, candidate, promptIds, prompts.seeds);
  const zero = read(baseline);
  return (candidate) => {
    const pairs = read(candidate).flatMap((own, i) => {
      const other = zero[i];
      return own?.status === 'ok' && other?.status === 'ok' ? [{ own: own.terms, other: other.terms }] : [];
    });
    if (pairs.length === 0) return NaN;
    return objective.score(pairs.map(({ own }) => own)) - objective.score(pairs.map(({ other }) => other));
  };
}
