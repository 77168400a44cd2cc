/**
 * Why rows of a table are not recommended although their gain in the objective is above 0.
 */
import type { EvaluatedRow } from '../../contract/evaluate-spec.js';
import { stepCount } from '../../contract/step-count.js';
import { signed, spread } from './numbers.js';
import type { ScorerNames } from './scorer-label.js';

/** One sentence per such row: what decided it. */
export function whyNotRecommended(rows: readonly EvaluatedRow[], nameOf: ScorerNames): string[] {
  return rows.flatMap(({ model, precision, scheduler, steps, schedule, gains, recommend }) => {
    const [first, ...others] = gains;
    if (recommend !== 'identity' || first === undefined || !(first.low > 0)) return [];
    const shown = others
      .filter(({ low }) => !(low > 0))
      .map(({ scorer, gain, low, high }) => {
        return `the gain in ${nameOf(scorer)} is ${spread(gain, low, high, 4, signed)}, and its lower end is not above 0`;
      });
    const why = shown.length > 0 ? shown.join('; ') : 'some prompts lack an image or a score';
    const about = `${model} ${precision}, ${scheduler}, ${stepCount(steps)}, ${schedule}`;
    return [`${about}: not recommended although the objective gains: ${why}.`];
  });
}
