/**
 * Factors A of a covariance S, A^T A = S: Householder's QR decomposition of a table, without
 * its orthogonal part, and the Cholesky decomposition with pivots (Higham 1990) of S itself.
 */

/** A variance below this part of the largest, times the dimension, is rounding. */
const ROUNDING = 2 ** -52;
const { max, sqrt } = Math;

/**
 * The triangle R of a table's QR decomposition: R^T R = X^T X, without forming either.
 *
 * @param columns X, (d, n): column after column; it is used up
 * @param n rows of X, no fewer than d
 * @param d columns of X
 * @returns (d, d)
 */
export function triangleOf(columns: Float64Array, n: number, d: number): Float64Array {
  const triangle = new Float64Array(d * d);
  for (let k = 0; k < d; k++) {
    const v = columns.subarray(k * n + k, (k + 1) * n);
    let squares = 0;
    for (let i = 0; i < v.length; i++) squares += v[i]! * v[i]!;
    const length = v[0]! > 0 ? -sqrt(squares) : sqrt(squares);
    triangle[k * d + k] = length;
    v[0]! -= length;
    // 2 / |v|^2: the reflection is w - 2 v (v.w) / |v|^2. A column of zeros needs none.
    const scale = squares === 0 ? 0 : -1 / (length * v[0]!);
    for (let j = k + 1; j < d; j++) {
      const w = columns.subarray(j * n + k, (j + 1) * n);
      let dot = 0;
      for (let i = 0; i < v.length; i++) dot += v[i]! * w[i]!;
      const factor = dot * scale;
      for (let i = 0; i < v.length; i++) w[i]! -= factor * v[i]!;
      triangle[k * d + j] = w[0]!;
    }
  }
  return triangle;
}

/**
 * A of a covariance, the largest remaining variance first; ends once the rest is rounding.
 *
 * @param s (d, d), symmetric
 * @returns (r, d), r the rank of s up to rounding, but at least 1
 */
export function pivotedCholesky(s: Float64Array, d: number): Float64Array {
  const left = Float64Array.from({ length: d }, (_, c) => s[c * d + c]!);
  const negligible = left.reduce((most, value) => max(most, value), 0) * d * ROUNDING;
  const a = new Float64Array((d + 3) * d);
  let rank = 0;
  for (; rank < d; rank++) {
    let pivot = 0;
    for (let c = 1; c < d; c++) if (left[c]! > left[pivot]!) pivot = c;
    if (!(left[pivot]! > negligible)) break;
    const row = a.subarray(rank * d, (rank + 1) * d);
    row.set(s.subarray(pivot * d, (pivot + 1) * d));
    // Rows after the last are zeros: four at a time may reach beyond it.
    for (let k = 0; k < rank; k += 4) subtractFour(row, a, k, rank, d, pivot);
    const root = sqrt(left[pivot]!);
    for (let c = 0; c < d; c++) {
      // A variance that is used up stays used up: a remainder of rounding does not become a row.
      row[c] = left[c]! > 0 ? row[c]! / root : 0;
      left[c] = c === pivot ? 0 : max(0, left[c]! - row[c]! * row[c]!);
    }
    row[pivot] = root;
  }
  return a.slice(0, max(1, rank) * d);
}

/** row -= A_k^T (A_k at the pivot), for rows k to k + 3 of A that come before `rank`. */
function subtractFour(row: Float64Array, a: Float64Array, k: number, rank: number, d: number, pivot: number): void {
  const [at0, at1, at2, at3] = [k * d, (k + 1) * d, (k + 2) * d, (k + 3) * d];
  const factor = (j: number): number => (j < rank ? a[j * d + pivot]! : 0);
  const [f0, f1, f2, f3] = [factor(k), factor(k + 1), factor(k + 2), factor(k + 3)];
  for (let c = 0; c < d; c++) row[c]! -= f0 * a[at0 + c]! + f1 * a[at1 + c]! + f2 * a[at2 + c]! + f3 * a[at3 + c]!;
}
