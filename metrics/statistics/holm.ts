/**
 * Holm's step-down correction (1979) for several tests.
 */
import { QschedError } from '../../contract/errors.js';

/**
 * Adjusted p-values, in the order of the input: p sorted in ascending order, the i-th (from 0) times
 * m - i, never below an earlier one, never above 1. A gain is significant at level a if its
 * adjusted p-value is at most a; one-sided p-values that accompany two-sided 95 % intervals use
 * a = 0.025.
 *
 * @param pValues each 0 to 1
 * @throws QschedError (failure) for a value outside 0 to 1
 */
export function holm(pValues: readonly number[]): number[] {
  const m = pValues.length;
  for (const p of pValues) {
    if (!(p >= 0 && p <= 1)) throw new QschedError('failure', `The p-value ${p} is not between 0 and 1.`);
  }
  const order = pValues.map((_, index) => index).sort((a, b) => pValues[a]! - pValues[b]! || a - b);
  const adjusted = pValues.slice();
  let floor = 0;
  order.forEach((index, rank) => {
    floor = Math.max(floor, Math.min(1, pValues[index]! * (m - rank)));
    adjusted[index] = floor;
  });
  return adjusted;
}
