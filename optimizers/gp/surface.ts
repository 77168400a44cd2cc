/**
 * A Gaussian process over told points: mean and deviation of the surface anywhere in the unit box. A believed point
 * takes the mean as its score (Ginsbourger et al. 2010, the kriging believer), so that points of one batch spread.
 */
import { factoriseRow, solveLower, solveUpper } from './cholesky.js';
import { distance, kernelMatrix, matern, type Kernel, type Known } from './kernel.js';

const { max, sqrt } = Math;

/** What is known of the surface at one point. */
export interface Belief {
  readonly mean: number;
  /** Standard deviation, without the noise of a score. */
  readonly deviation: number;
}

export interface Surface {
  at(point: Float64Array): Belief;
  /** Adds a point with its mean as its score. */
  believe(point: Float64Array): void;
}

/** @param more how many points can be believed */
export function surfaceOf(kernel: Kernel, of: Known, more = 0): Surface {
  const { points, scores } = of;
  const { weights, scale, noise } = kernel;
  const room = points.length + more;
  const known = [...points];
  const l = kernelMatrix(kernel, of, room);
  const values = new Float64Array(room);
  values.set(scores);
  let alpha = new Float64Array(room);
  for (let row = 0; row < points.length; row += 1) {
    if (!factoriseRow(l, room, row)) throw new RangeError('the kernel matrix is not positive definite');
  }
  solveAgain();
  const k = new Float64Array(room);

  function solveAgain(): void {
    alpha = values.slice();
    solveLower(l, room, alpha, known.length);
    solveUpper(l, room, alpha, known.length);
  }

  function at(point: Float64Array): Belief {
    const n = known.length;
    let mean = 0;
    for (let i = 0; i < n; i += 1) {
      k[i] = scale * matern(distance(weights, point, known[i]!));
      mean += k[i]! * alpha[i]!;
    }
    solveLower(l, room, k, n);
    let variance = scale;
    for (let i = 0; i < n; i += 1) variance -= k[i]! ** 2;
    return { mean, deviation: sqrt(max(variance, 1e-12)) };
  }

  return {
    at,
    believe(point) {
      const n = known.length;
      values[n] = at(point).mean;
      for (let i = 0; i < n; i += 1) l[n * room + i] = scale * matern(distance(weights, point, known[i]!));
      l[n * room + n] = scale + noise;
      known.push(point);
      // The noise keeps the pivot positive, even for a point that is there already.
      factoriseRow(l, room, n);
      solveAgain();
    },
  };
}
