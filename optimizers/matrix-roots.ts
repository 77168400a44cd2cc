/**
 * C^(1/2) and C^(-1/2) of a covariance matrix. Both are symmetric, B D B^T, so that they do not
 * depend on the order or the sign in which a library returns eigenvectors.
 *
 * ml-matrix 6.15.1 finds them (Householder, then QL): plain arithmetic without clock or random
 * numbers, so it runs in the workflow sandbox.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

const { max, sqrt } = Math;
/** Smallest eigenvalue, as a share of the largest: float64 resolves no less. */
const SMALLEST_SHARE = 1e-14;

export interface MatrixRoots {
  /** C^(1/2), n x n row by row. */
  readonly root: Float64Array;
  /** C^(-1/2), n x n row by row. */
  readonly inverseRoot: Float64Array;
  /** Square root of C's largest eigenvalue; 0 if C is no longer a covariance. */
  readonly largest: number;
}

/** @param c symmetric, n x n row by row */
export function matrixRoots(c: Float64Array, n: number): MatrixRoots {
  const rows = Array.from({ length: n }, (_, i) => c.subarray(i * n, (i + 1) * n));
  if (!c.every(Number.isFinite)) {
    return { root: new Float64Array(n * n), inverseRoot: new Float64Array(n * n), largest: 0 };
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true,
  });
  const most = max(0, ...realEigenvalues);
  const d = realEigenvalues.map((value) => sqrt(max(value, most * SMALLEST_SHARE)));
  const root = new Float64Array(n * n);
  const inverseRoot = new Float64Array(n * n);
  const b = eigenvectorMatrix.to2DArray();
  for (let i = 0; i < n; i += 1) {
    for (let j = i; j < n; j += 1) {
      let [direct, inverse] = [0, 0];
      for (let k = 0; k < n; k += 1) {
        const product = b[i]![k]! * b[j]![k]!;
        direct += product * d[k]!;
        inverse += product / d[k]!;
      }
      root[i * n + j] = root[j * n + i] = direct;
      inverseRoot[i * n + j] = inverseRoot[j * n + i] = inverse;
    }
  }
  return { root, inverseRoot, largest: sqrt(most) };
}

/** A x for a matrix stored row by row. */
export function times(a: Float64Array, x: ArrayLike<number>): Float64Array {
  const n = x.length;
  const out = new Float64Array(n);
  for (let i = 0; i < n; i += 1) {
    let total = 0;
    for (let j = 0; j < n; j += 1) total += a[i * n + j]! * x[j]!;
    out[i] = total;
  }
  return out;
}

/** Euclidean length. */
export function norm(x: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < x.length; i += 1) total += x[i]! * x[i]!;
  return sqrt(total);
}
