/**
 * Matern 5/2 with one length per dimension:
 *
 *   k(x, x') = scale m(s),  s = sum_i w_i (x_i - x'_i)^2,  m(s) = (1 + r + r^2 / 3) e^-r,  r = sqrt(5 s)
 *   dm/ds    = -5/6 (1 + r) e^-r
 *
 * w_i is an inverse squared length. (Rasmussen and Williams 2006, Eq. 4.17.)
 */
const { exp, sqrt } = Math;

/** Hyperparameters; scores are standardised, a range of the search space is 1. */
export interface Kernel {
  /** Inverse squared length of each dimension. */
  readonly weights: Float64Array;
  /** Variance of the surface about its mean. */
  readonly scale: number;
  /** Variance of a score about the surface. */
  readonly noise: number;
  /** The surface's mean is this multiple of what the prior expects; 0 without a prior. */
  readonly trust: number;
}

/** What a model is made of. */
export interface Known {
  readonly points: readonly Float64Array[];
  /** Standardised. */
  readonly scores: Float64Array;
  /** Variance of each score about the surface, as a multiple of the kernel's noise: 1 / share. */
  readonly spread: Float64Array;
  /** What a prior expects, if there is one. */
  readonly prior: Expectation | null;
}

/** What is expected of a surface before it is seen. */
export interface Expectation {
  at(point: Float64Array): number;
  /** Adds `factor` times its gradient at the point to `sum`. */
  addGradient(point: Float64Array, factor: number, sum: Float64Array): void;
}

export const radius = (s: number): number => sqrt(5 * s);

/** m, from r and e^-r. */
export const matern = (r: number, decay: number): number => (1 + r + (r * r) / 3) * decay;

/** dm/ds, from r and e^-r. */
export const maternSlope = (r: number, decay: number): number => (-5 / 6) * (1 + r) * decay;

/** s of two points. */
export function distance(weights: Float64Array, a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i += 1) {
    const difference = a[i]! - b[i]!;
    sum += weights[i]! * difference * difference;
  }
  return sum;
}

/** The lower triangle of K + noise, with room for `room` rows. */
export function kernelMatrix(
  { weights, scale, noise }: Kernel,
  { points, spread }: Pick<Known, 'points' | 'spread'>,
  room = points.length,
): Float64Array {
  const matrix = new Float64Array(room * room);
  points.forEach((point, i) => {
    for (let j = 0; j < i; j += 1) {
      const r = radius(distance(weights, point, points[j]!));
      matrix[i * room + j] = scale * matern(r, exp(-r));
    }
    matrix[i * room + i] = scale + noise * spread[i]!;
  });
  return matrix;
}
