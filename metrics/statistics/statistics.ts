/**
 * Summary statistics for scores and verdicts.
 */
import { QschedError } from '../../contract/errors.js';

/**
 * Arithmetic mean, summed in order in float64.
 *
 * @throws QschedError (failure) for no values
 */
export function mean(values: ArrayLike<number>): number {
  if (values.length === 0) throw new QschedError('failure', 'There are no values to average.');
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/**
 * Standard deviation of a sample (divisor n - 1), in two passes.
 *
 * @throws QschedError (failure) for fewer than two values
 */
export function sd(values: ArrayLike<number>): number {
  const n = values.length;
  if (n < 2) throw new QschedError('failure', `A standard deviation needs at least two values, not ${n}.`);
  const centre = mean(values);
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i]! - centre) ** 2;
  return Math.sqrt(squares / (n - 1));
}

/**
 * Quantile of values in ascending order, by numpy's `linear` rule (R type 7): the interpolated
 * value at position q * (n - 1).
 *
 * @param q 0 to 1
 * @throws QschedError (failure) for no values, or q outside 0 to 1
 */
export function quantileSorted(sorted: ArrayLike<number>, q: number): number {
  const n = sorted.length;
  if (n === 0 || !(q >= 0 && q <= 1)) {
    throw new QschedError('failure', `The quantile ${q} of ${n} values: give at least one value, and q from 0 to 1.`);
  }
  const position = q * (n - 1);
  const below = Math.floor(position);
  const a = sorted[below]!;
  const b = sorted[Math.min(below + 1, n - 1)]!;
  return a === b ? a : a + (b - a) * (position - below);
}
