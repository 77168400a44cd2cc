/**
 * The scorers of an objective and those beside it, from what a worker described.
 */
import { QschedError } from '../contract/errors.js';
import { scorersOf, type ObjectivePlan } from '../contract/objective-plan.js';
import type { JudgedObjective } from '../contract/prepared-network.js';
import type { ObjectiveChoice } from '../contract/search-spec.js';
import { suggestion } from '../contract/suggestion.js';
import type { FoundScorer, NetworkFacts } from '../contract/wire/describe.js';
import { planObjective, planOutside } from '../metrics/objectives/plan-objective.js';
import { refuseText } from './refuse-text.js';

/** What a search or a table is scored and judged by. */
export interface ScorerPlan {
  /** Scorers with terms, the objective's first. */
  readonly scorers: readonly FoundScorer[];
  readonly objective: ObjectivePlan;
  /** What a verdict judges by, the objective first. */
  readonly judged: readonly JudgedObjective[];
}

/** What scorers are chosen by. */
export interface ScorerChoice {
  readonly objective: ObjectiveChoice;
  /** Names of the scorers that are asked for beside the objective's own. */
  readonly beside: readonly string[];
}

/** A scorer that was described. @throws QschedError (usage) with the worker's sentence if it is not there */
export function requireScorer({ scorers }: Pick<NetworkFacts, 'scorers'>, role: string): FoundScorer {
  const found = scorers.find((one) => one.role === role);
  if (found !== undefined && !('missing' in found)) return found;
  if (found !== undefined) throw new QschedError('usage', found.missing, found.hint);
  const known = scorers.flatMap((one) => ('missing' in one ? [] : [one.role]));
  throw new QschedError('usage', `There is no scorer "${role}".`, suggestion(role, known));
}

/** @throws QschedError (usage): an unknown score or scorer, a term that a scorer does not give, a text term for a model without text */
export function planScorers({ objective: choice, beside }: ScorerChoice, facts: NetworkFacts): ScorerPlan {
  const objective = planObjective(
    choice,
    (scorer) => requireScorer(facts, scorer).scores,
    () => facts.pluginScores,
  );
  const own = scorersOf(objective).map((role) => requireScorer(facts, role));
  for (const { scorer, term } of [...objective.text, ...objective.quality]) {
    const { names } = own.find(({ role }) => role === scorer)!;
    if (names.includes(term)) continue;
    throw new QschedError(
      'usage',
      `The objective needs the term "${term}", which the scorer "${scorer}" does not give.`,
      suggestion(term, names),
    );
  }
  const others = [...new Set(beside)]
    .filter((role) => !own.some((scorer) => scorer.role === role))
    .map((role) => requireScorer(facts, role));
  const outside = others.map(({ role, names, scores }) => ({
    scorer: role,
    plan: planOutside(objective, role, names, scores),
  }));
  const judged = [{ scorer: choice.scorer, plan: objective }, ...outside] as const;
  refuseText(facts, judged);
  return { scorers: [...own, ...others], objective, judged };
}
