/** `weighted`: any sum of scores; each counts as text or quality by what it judges. */
import { QschedError } from '../../contract/errors.js';
import type { ObjectivePart } from '../../contract/objective-plan.js';
import type { Direction, Judges } from '../scores/score-table.js';
import type { ObjectiveDefinition, Scores } from './objective.js';
import { known, nameParts, namedScore } from './score-part.js';

export const weighted: ObjectiveDefinition = {
  kWeighs: null,
  parts({ weights = {}, scorer }, scores) {
    const parts = Object.entries(weights).map(([name, weight]) => weightedPart(name, weight, scorer, scores));
    const of = (judges: Judges) => parts.filter((one) => one.judges === judges).map((one) => one.part);
    return { text: of('text'), quality: of('quality') };
  },
  scorers: ({ weights = {}, scorer }) =>
    Object.keys(weights).map((name) => {
      const { score, at } = nameParts(name);
      return at ?? (known(score) === undefined ? score : (known(score)!.scorer ?? scorer));
    }),
};

/** A term whose weight has the sign of what is better. */
function weightedPart(
  name: string,
  weight: number,
  scorer: string,
  scores: Scores,
): { readonly part: ObjectivePart; readonly judges: Judges } {
  const { part, judges, direction } = namedScore(name, { field: 'objective.weights', scorer, scores });
  refuseWrongSign(name, weight, direction);
  return { part: { ...part, weight }, judges };
}

function refuseWrongSign(name: string, weight: number, direction: Direction): void {
  if (direction === 'either') {
    if (weight !== 0) return;
    throw new QschedError(
      'usage',
      `objective.weights.${name} is 0, which adds nothing.`,
      `Give ${name} a weight above or below 0, or leave it out.`,
    );
  }
  if (direction === 'higher' ? weight > 0 : weight < 0) return;
  throw new QschedError(
    'usage',
    `objective.weights.${name} is ${weight}, but a ${direction} ${name} is better, and a search maximises its objective.`,
    `Give ${name} a weight ${direction === 'higher' ? 'above' : 'below'} 0.`,
  );
}
