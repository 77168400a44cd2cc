/**
 * From an objective as a spec names it to a plan over raw terms.
 */
import { QschedError } from '../../contract/errors.js';
import type { ObjectivePart, ObjectivePlan } from '../../contract/objective-plan.js';
import type { ObjectiveChoice } from '../../contract/search-spec.js';
import { SCORE_TABLE } from '../scores/score-table.js';
import { part, type DeclaredScore, type Scores } from './objective.js';
import { weightsAt } from './ranking.js';
import { OBJECTIVES } from './registry.js';

export type { DeclaredScore } from './objective.js';

/** What a scorer folder declares; a folder of a built-in kind declares nothing. @throws QschedError (usage) for a folder that is not there */
export type Declared = Scores['declared'];

const NOTHING = () => [];

/**
 * @param declared scores of plug-in scorers, if `weights` may name them
 * @param installed what a message about an unknown score lists beside the table
 * @throws QschedError (usage): an unknown score, a weight against its score's direction
 */
export function planObjective(
  choice: ObjectiveChoice,
  declared: Declared = NOTHING,
  installed: Scores['installed'] = NOTHING,
): ObjectivePlan {
  const { type } = choice;
  const { parts, textOfMean = 'itself', kWeighs } = OBJECTIVES[type];
  const k = kWeighs === null ? 1 : choice.k;
  const { text, quality } = parts(choice, { declared, installed });
  return { type, k, text, quality, textOfMean, weights: weightsAt(type, k, text.length > 0) };
}

/**
 * The objective that a scorer outside a search's own judges by: the same one if it has its terms, else CLIP's `jaq-clip`,
 * else the scorer's first score.
 *
 * @param names raw terms of that scorer
 * @throws QschedError (usage) for a scorer without scores
 */
export function planOutside(
  plan: ObjectivePlan,
  scorer: string,
  names: readonly string[],
  scores: readonly DeclaredScore[],
): ObjectivePlan {
  const parts = [...plan.text, ...plan.quality];
  if (parts.every(({ term }) => names.includes(term))) {
    const here = (list: readonly ObjectivePart[]) => list.map((one) => ({ ...one, scorer }));
    return { ...plan, text: here(plan.text), quality: here(plan.quality) };
  }
  if (names.includes('cosine')) return planObjective({ type: 'jaq-clip', k: 2, scorer });
  const first = scores[0] ?? knownScore(names);
  if (first === undefined) {
    throw new QschedError(
      'usage',
      `The scorer "${scorer}" has features but no score: it cannot judge a gain.`,
      'Remove it from the scorers; set it as `features` instead.',
    );
  }
  const own = part(scorer, first.name, 'raw', first.direction === 'higher' ? 1 : -1);
  return {
    type: first.name,
    k: 1,
    text: first.judges === 'text' ? [own] : [],
    quality: first.judges === 'quality' ? [own] : [],
    textOfMean: 'itself',
    weights: [1, 1],
  };
}

function knownScore(names: readonly string[]): DeclaredScore | undefined {
  const found = Object.values(SCORE_TABLE).find(({ term }) => term === names[0]);
  if (found === undefined) return undefined;
  return { name: found.term, judges: found.judges, direction: found.direction === 'lower' ? 'lower' : 'higher' };
}
