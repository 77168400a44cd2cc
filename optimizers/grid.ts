/**
 * The full grid: n points in each dimension, both ends included, in lexicographic order with the
 * first dimension outermost (the reference implementation of Q-Sched scans 11 x 11).
 *
 *   x_i = ((n - 1 - i) lower + i upper) / (n - 1),  i = 0..n-1
 *
 * In this form the middle of a box around 1 is exactly 1. A grid's whole state is its index.
 */
import type { Algorithm } from './ask-tell.js';
import type { Point, SearchSpace } from './optimizer.js';
import type { FilledOptions } from './options.js';

const { floor, max, min } = Math;

/** Number of points of the grid; `Infinity` beyond float64. */
export function gridSize(dimension: number, gridPoints: number): number {
  return gridPoints ** dimension;
}

/**
 * The point at an index of the grid.
 *
 * @param index whole number from 0 to `gridSize` - 1
 */
export function gridPoint({ lower, upper }: SearchSpace, gridPoints: number, index: number): Point {
  const last = gridPoints - 1;
  const point = new Array<number>(lower.length);
  let rest = index;
  for (let k = lower.length - 1; k >= 0; k -= 1) {
    const i = rest % gridPoints;
    rest = floor(rest / gridPoints);
    const [low, high] = [lower[k]!, upper[k]!];
    point[k] = i === 0 ? low : i === last ? high : max(low, min(high, ((last - i) * low + i * high) / last));
  }
  return point;
}

/** The grid as an algorithm. */
export function grid({ space, gridPoints }: FilledOptions): Algorithm {
  const size = gridSize(space.lower.length, gridPoints);
  return {
    left: (asked) => size - asked,
    propose: (asked, count) => Array.from({ length: count }, (_, i) => gridPoint(space, gridPoints, asked + i)),
    absorb: () => undefined,
    stopReason: (asked) => (asked >= size ? 'grid exhausted' : null),
    own: () => ({}),
  };
}
