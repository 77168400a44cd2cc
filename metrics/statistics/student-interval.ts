/**
 * Student's t interval of a mean of very few values, with the p-value of "no gain".
 */
import { studentQuantile } from './student.js';

const { atan, PI, sqrt } = Math;

/** An interval of a mean gain. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * [d - t(level, n - 1) s, d + t(level, n - 1) s], and P(T > d / s).
 *
 * @param mean d
 * @param standardError s, above 0
 * @param n number of values, 2 to 4
 */
export function studentInterval(
  mean: number,
  standardError: number,
  n: number,
  level: number,
): { readonly interval: Interval; readonly pValue: number } {
  const half = studentQuantile(level, n - 1) * standardError;
  return { interval: { low: mean - half, high: mean + half }, pValue: upperTail(mean / standardError, n - 1) };
}

/** P(T > t) in closed form (Abramowitz and Stegun 26.7.3 and 26.7.4), for 1, 2 or 3 degrees of freedom. */
function upperTail(t: number, degrees: number): number {
  if (degrees === 1) return 0.5 - atan(t) / PI;
  if (degrees === 2) return 0.5 - t / sqrt(2 + t * t) / 2;
  const x = t / sqrt(3);
  return 0.5 - (atan(x) + x / (1 + x * x)) / PI;
}
