/**
 * The full grid: n points per dimension, both ends included. A budget of at least its n^d cells scans them in
 * lexicographic order with the first dimension outermost (Q-Sched's reference implementation scans 11 x 11).
 *
 *   x_i = ((n - 1 - i) lower + i upper) / (n - 1),  i = 0..n-1
 *
 * In this form the middle of a box around 1 is exactly 1.
 *
 * A smaller budget takes its cells from an order in which every beginning is spread over the whole grid (`spreadCell`),
 * so that a larger budget below n^d adds cells and removes none. A budget that reaches n^d scans; whatever was evaluated
 * before is part of it. A stored state keeps its order: it ends the grid in the order in which it began.
 */
import { damaged, type Algorithm, type OwnState, type Stored } from './ask-tell.js';
import type { Point, SearchSpace } from './optimizer.js';
import type { FilledOptions } from './options.js';

const { floor, max, min, round, sqrt } = Math;
/** The multiples of this share of a range spread over it. */
const GOLDEN = (sqrt(5) - 1) / 2;

/** Number of cells of the grid; `Infinity` beyond float64. */
export function gridSize(dimension: number, gridPoints: number): number {
  return gridPoints ** dimension;
}

/**
 * The point of a cell.
 *
 * @param cell one index per dimension, from 0 to `gridPoints` - 1
 */
function pointOf({ lower, upper }: SearchSpace, gridPoints: number, cell: readonly number[]): Point {
  const last = gridPoints - 1;
  return cell.map((i, k) => {
    const [low, high] = [lower[k]!, upper[k]!];
    return i === 0 ? low : i === last ? high : max(low, min(high, ((last - i) * low + i * high) / last));
  });
}

/** The cell at an index of the scan. */
function scanCell(n: number, dimension: number, index: number): number[] {
  const cell = new Array<number>(dimension);
  let rest = index;
  for (let k = dimension - 1; k >= 0; k -= 1) {
    cell[k] = rest % n;
    rest = floor(rest / n);
  }
  return cell;
}

/**
 * The cell at an index of the spread order, a generalised Faure sequence (Faure 1982; Tezuka 1993) modulo n:
 *
 *   a_0, a_1, ...  the digits of the index in base n, the lowest first
 *   cell_j = g_j sum_i binomial(j, i) a_i  mod n,  g_j coprime to n
 *
 * The matrix of binomials is triangular with ones on its diagonal, so every cell occurs exactly once. Any n cells from a
 * multiple of n on contain every value of every dimension; if n is a prime and at least d, any n^2 cells from a multiple
 * of n^2 on contain every pair of values of every two dimensions.
 */
function spreadCell(n: number, dimension: number, index: number): number[] {
  const digits: number[] = [];
  for (let rest = index; rest > 0; rest = floor(rest / n)) digits.push(rest % n);
  let binomials = digits.map((_, i) => Number(i === 0));
  return Array.from({ length: dimension }, (_, j) => {
    const sum = digits.reduce((total, a, i) => (total + binomials[i]! * a) % n, 0);
    binomials = binomials.map((b, i) => (b + (binomials[i - 1] ?? 0)) % n); // Pascal's rule
    return (spreadFactor(n, j) * sum) % n;
  });
}

/** g_j: the number coprime to n that is nearest to n times the fraction of (j + 1) times the golden ratio. */
function spreadFactor(n: number, j: number): number {
  const near = round(n * (((j + 1) * GOLDEN) % 1));
  for (let step = 0; ; step += 1) {
    for (const factor of [near - step, near + step]) if (greatestDivisor(factor, n) === 1) return factor;
  }
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** The grid as an algorithm. Its whole state is its index and its order. */
export function grid({ space, gridPoints, budget }: FilledOptions, stored: Stored | null): Algorithm {
  const dimension = space.lower.length;
  const size = gridSize(dimension, gridPoints);
  const spread = stored === null ? budget < size : readSpread(stored.own);
  const cellAt = spread ? spreadCell : scanCell;
  return {
    left: (asked) => size - asked,
    propose: (asked, count) =>
      Array.from({ length: count }, (_, i) => pointOf(space, gridPoints, cellAt(gridPoints, dimension, asked + i))),
    absorb: () => undefined,
    stopReason: (asked) => (asked >= size ? 'grid exhausted' : null),
    own: (): OwnState => (spread ? { order: 'spread' } : {}),
  };
}

/** A state without an order is one of a scan, as 0.1.0 scanned with every budget. */
function readSpread({ order }: OwnState): boolean {
  if (order !== undefined && order !== 'spread') throw damaged('grid', 'its order is unknown');
  return order === 'spread';
}
