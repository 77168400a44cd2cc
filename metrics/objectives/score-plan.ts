/**
 * One score as a plan over stored terms: a term of the objective, the objective itself, or any score by its name. What it
 * computes is oriented, so that higher is better.
 */
import { QschedError } from '../../contract/errors.js';
import type { ObjectivePart, ObjectivePlan } from '../../contract/objective-plan.js';
import type { Direction } from '../scores/score-table.js';
import { namedScore, type ScoreNames } from './score-part.js';

/** A score that candidates are compared in. */
export interface ScorePlan {
  /** As it was given. */
  readonly name: string;
  readonly direction: Direction;
  /** Its values, times -1 if lower is better. */
  readonly plan: ObjectivePlan;
}

/** Names of the objective's own terms, TC and IQ, and of the objective itself. */
export const OWN_SCORES = ['text', 'quality', 'score'] as const;
export type OwnScore = (typeof OWN_SCORES)[number];

export const isOwnScore = (name: string): name is OwnScore => (OWN_SCORES as readonly string[]).includes(name);

/** No scores but the objective's own. */
const NONE: ScoreNames = {
  field: 'objective.atLeast',
  scorer: '',
  scores: { declared: () => [], installed: () => [] },
};

/**
 * @param name `text`, `quality`, `score`, or a score as in `objective.weights`
 * @param objective whose terms `text` and `quality` are
 * @param direction of a score that is better in neither direction by itself
 * @throws QschedError (usage): no such score, or a term that the objective does not have
 */
export function scorePlan(
  name: string,
  objective: ObjectivePlan,
  names: ScoreNames = NONE,
  direction?: Direction,
): ScorePlan {
  if (name === 'score') return { name, direction: 'higher', plan: objective };
  if (name === 'text' || name === 'quality') {
    if (objective[name].length === 0) {
      throw new QschedError(
        'usage',
        `${names.field} names "${name}", but the objective ${objective.type} has no ${name} term.`,
        'Remove it, or name another score: npx qsched scores.',
      );
    }
    return { name, direction: 'higher', plan: onlyTerm(objective, name) };
  }
  const { part, judges, direction: own } = namedScore(name, names);
  const better = own === 'either' ? (direction ?? own) : own;
  return { name, direction: better, plan: planOf(name, judges, part, better === 'lower' ? -1 : 1) };
}

/** The objective with one of its terms alone, without the weight of k. */
const onlyTerm = (objective: ObjectivePlan, name: 'text' | 'quality'): ObjectivePlan => ({
  ...objective,
  text: name === 'text' ? objective.text : [],
  quality: name === 'quality' ? objective.quality : [],
  weights: [1, 1],
});

const planOf = (type: string, judges: 'text' | 'quality', part: ObjectivePart, weight: 1 | -1): ObjectivePlan => ({
  type,
  k: 1,
  text: judges === 'text' ? [part] : [],
  quality: judges === 'quality' ? [part] : [],
  textOfMean: 'itself',
  weights: [weight, weight],
});
