/**
 * Coefficients of every step as a point of a search space: the nearest one by least squares, clipped to the range.
 *
 *   linear        c_i = (1 - t_i) start + t_i end   with t_i = i / (steps - 1)
 *   single-scale  c_i = (1 - t_i) start + t_i
 *   per-step      the numbers themselves
 */
import type { Coefficients } from '../contract/coefficients.js';
import { checkCoefficients, type CoefficientSpaceOptions } from './coefficients.js';

const { max, min } = Math;

/**
 * The point nearest to given coefficients.
 *
 * @returns as many numbers as the space of these options has, in its order
 * @throws QschedError (usage) if the coefficients are for another number of steps
 */
export function nearestPoint(options: CoefficientSpaceOptions, coefficients: Coefficients): number[] {
  const { shape, tune, range, steps } = options;
  checkCoefficients(coefficients, steps);
  const [low, high] = range;
  const parts = tune === 'both' ? (['sample', 'noise'] as const) : [tune];
  return parts.flatMap((part) => numbersOf(shape, coefficients[part])).map((value) => max(low, min(high, value)));
}

function numbersOf(shape: CoefficientSpaceOptions['shape'], values: readonly number[]): readonly number[] {
  const last = values.length - 1;
  if (shape === 'per-step' || last === 0) return values;
  const sum = (of: (value: number, rest: number, t: number) => number): number =>
    values.reduce((total, value, i) => total + of(value, 1 - i / last, i / last), 0);
  const ss = sum((_, s) => s * s);
  if (shape === 'single-scale') return [sum((c, s, t) => s * (c - t)) / ss];
  const [st, tt, cs, ct] = [
    sum((_, s, t) => s * t),
    sum((_, __, t) => t * t),
    sum((c, s) => c * s),
    sum((c, _, t) => c * t),
  ];
  const determinant = ss * tt - st * st;
  return [(tt * cs - st * ct) / determinant, (ss * ct - st * cs) / determinant];
}
