/**
 * Holm's step-down correction (1979) for several winners tested at once.
 */
import { QschedError } from '../../contract/errors.js';

/**
 * Adjusted p-values, in the order of the input: p sorted upwards, the i-th (from 0) times
 * m - i, never below an earlier one, never above 1. A winner stands at level a where its
 * adjusted p-value is at most a; for one-sided p-values beside two-sided 95 % intervals
 * that is a = 0.025.
 *
 * @param pValues each 0 to 1
 * @throws QschedError (failure) for a value outside 0 to 1
 */
export function holm(pValues: readonly number[]): number[] {
  const m = pValues.length;
  for (const p of pValues) {
    if (!(p >= 0 && p <= 1)) throw new QschedError('failure', `A p-value of ${p} is not within 0 to 1.`);
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
