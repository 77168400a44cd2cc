/**
 * The constraints of a search as plans over the terms that its calibration stores.
 */
import type { Constraint } from '../contract/constraint.js';
import { QschedError } from '../contract/errors.js';
import { scorersOf, type ObjectivePlan } from '../contract/objective-plan.js';
import type { SearchObjective } from '../contract/search-spec.js';
import { suggestion } from '../contract/suggestion.js';
import type { NetworkFacts } from '../contract/wire/describe.js';
import { namesOfTerms } from '../metrics/objectives/score-names.js';
import { scorePlan } from '../metrics/objectives/score-plan.js';
import { requireScorer } from './scorers.js';

const FIELD = 'objective.atLeast';

/**
 * @param objective the plan that the search is scored by: only its scorers look at every candidate
 * @throws QschedError (usage): no such score, or one of another scorer; it lists the scores that are stored
 */
export function planConstraints(
  { atLeast = {}, scorer }: SearchObjective,
  objective: ObjectivePlan,
  facts: NetworkFacts,
): Constraint[] {
  const own = new Map(scorersOf(objective).map((role) => [role, requireScorer(facts, role).names]));
  const names = {
    field: FIELD,
    scorer,
    scores: { declared: (role: string) => requireScorer(facts, role).scores, installed: () => facts.pluginScores },
  };
  return Object.entries(atLeast).map(([name, least]) => {
    if (name === 'score') {
      throw new QschedError('usage', `${FIELD} names "score", which the search maximises.`, 'Leave it out.');
    }
    const { plan } = scorePlan(name, objective, names);
    for (const part of [...plan.text, ...plan.quality]) {
      if (own.get(part.scorer)?.includes(part.term)) continue;
      const terms = (['text', 'quality'] as const).filter((term) => objective[term].length > 0);
      throw new QschedError(
        'usage',
        `${FIELD} names "${name}", which a search with this objective does not store for its candidates.`,
        suggestion(name, [...terms, ...namesOfTerms(own, scorer)]),
      );
    }
    return { name, atLeast: least, plan };
  });
}
