/**
 * Householder's reduction of a table to two diagonals (Golub and Kahan 1965): M = P B V^T, with P and V
 * orthogonal and B upper bidiagonal. P is not kept.
 *
 * Step k reflects column k, then row k. With v and u the reflected vectors, w = tau M^T v and y = M u,
 * the rest of the table becomes M - v w^T - sigma y u^T. Both updates of a row, and its part of the next
 * column's M^T v, are made while the row is in the cache: the table is read once per step.
 */

/** B as two diagonals, and V. */
export interface Bidiagonal {
  /** (n) */
  readonly diagonal: Float64Array;
  /** (n), the diagonal above; its last value is 0. */
  readonly above: Float64Array;
  /** V^T, (n, n) row after row; empty if not requested. */
  readonly right: Float64Array;
}

const { sqrt } = Math;

/**
 * @param table M, (m, n) row after row with m >= n >= 1
 */
export function bidiagonalise(table: Float64Array, m: number, n: number, withVectors: boolean): Bidiagonal {
  // Rows are changed two at a time: an extra row of zeros does no harm.
  const a = new Float64Array((m + 1) * n);
  a.set(table);
  const diagonal = new Float64Array(n);
  const above = new Float64Array(n);
  const sigmas = new Float64Array(n);
  /** Column k times the columns after it, over the rows below k. */
  let dots: Float64Array = new Float64Array(n);
  for (let i = 1; i < m; i++) for (let j = 0; j < n; j++) dots[j]! += a[i * n]! * a[i * n + j]!;
  for (let k = 0; k < n; k++) {
    const row = a.subarray(k * n, (k + 1) * n);
    const w = reflectColumn(row, k, dots, diagonal);
    sigmas[k] = reflectRow(row, k, above);
    dots = updateRows(a, m, n, k, w, row, sigmas[k]!);
  }
  return { diagonal, above, right: withVectors ? rightVectors(a, n, sigmas) : new Float64Array() };
}

/** Reflects column k, from its own row on. @returns w, by which the rows below change */
function reflectColumn(row: Float64Array, k: number, dots: Float64Array, diagonal: Float64Array): Float64Array {
  const n = row.length;
  const w = new Float64Array(n);
  const length = sqrt(row[k]! * row[k]! + dots[k]!);
  if (length === 0) return w;
  diagonal[k] = row[k]! > 0 ? -length : length;
  const first = row[k]! - diagonal[k]!;
  const tau = -1 / (diagonal[k]! * first);
  for (let j = k + 1; j < n; j++) {
    w[j] = tau * (first * row[j]! + dots[j]!);
    row[j]! -= first * w[j]!;
  }
  return w;
}

/**
 * Reflects row k to its first value right of the diagonal; u takes its place.
 *
 * @returns 2 / |u|^2, 0 for no reflection
 */
function reflectRow(row: Float64Array, k: number, above: Float64Array): number {
  const n = row.length;
  if (k >= n - 1) return 0;
  let squares = 0;
  for (let j = k + 1; j < n; j++) squares += row[j]! * row[j]!;
  if (k === n - 2 || squares === 0) {
    above[k] = row[k + 1]!;
    return 0;
  }
  const length = sqrt(squares);
  above[k] = row[k + 1]! > 0 ? -length : length;
  row[k + 1]! -= above[k]!;
  return -1 / (above[k]! * row[k + 1]!);
}

/**
 * Applies both reflections of step k to the rows below, two at a time: their sums do not wait for each other.
 *
 * @returns the dot products that step k + 1 starts from
 */
function updateRows(
  a: Float64Array,
  m: number,
  n: number,
  k: number,
  w: Float64Array,
  u: Float64Array,
  sigma: number,
): Float64Array {
  const dots = new Float64Array(n);
  for (let i = k + 1; i < m; i += 2) {
    const one = i * n;
    const two = one + n;
    const factor1 = a[one + k]!;
    const factor2 = a[two + k]!;
    let y1 = 0;
    let y2 = 0;
    for (let j = k + 1; j < n; j++) {
      const value1 = a[one + j]! - factor1 * w[j]!;
      const value2 = a[two + j]! - factor2 * w[j]!;
      a[one + j] = value1;
      a[two + j] = value2;
      y1 += value1 * u[j]!;
      y2 += value2 * u[j]!;
    }
    y1 *= sigma;
    y2 *= sigma;
    // Row k + 1 is the next step's own: it is not below itself.
    const next1 = i === k + 1 ? 0 : a[one + k + 1]! - y1 * u[k + 1]!;
    const next2 = a[two + k + 1]! - y2 * u[k + 1]!;
    for (let j = k + 1; j < n; j++) {
      const value1 = a[one + j]! - y1 * u[j]!;
      const value2 = a[two + j]! - y2 * u[j]!;
      a[one + j] = value1;
      a[two + j] = value2;
      dots[j]! += next1 * value1 + next2 * value2;
    }
  }
  return dots;
}

/** V^T as the product of the rows' reflections, the last first: each touches the corner that it acts on alone. */
function rightVectors(a: Float64Array, n: number, sigmas: Float64Array): Float64Array {
  const out = new Float64Array((n + 3) * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  for (let k = n - 3; k >= 0; k--) {
    if (sigmas[k] === 0) continue;
    const u = a.subarray(k * n, (k + 1) * n);
    for (let i = k + 1; i < n; i += 4) reflectFour(out, i * n, u, k + 1, sigmas[k]!);
  }
  return out.subarray(0, n * n);
}

/** Reflects four rows by u from column `from` on. */
function reflectFour(v: Float64Array, at: number, u: Float64Array, from: number, sigma: number): void {
  const n = u.length;
  const [at1, at2, at3] = [at + n, at + 2 * n, at + 3 * n];
  let [d0, d1, d2, d3] = [0, 0, 0, 0];
  for (let j = from; j < n; j++) {
    const value = u[j]!;
    d0 += v[at + j]! * value;
    d1 += v[at1 + j]! * value;
    d2 += v[at2 + j]! * value;
    d3 += v[at3 + j]! * value;
  }
  d0 *= sigma;
  d1 *= sigma;
  d2 *= sigma;
  d3 *= sigma;
  for (let j = from; j < n; j++) {
    const value = u[j]!;
    v[at + j]! -= d0 * value;
    v[at1 + j]! -= d1 * value;
    v[at2 + j]! -= d2 * value;
    v[at3 + j]! -= d3 * value;
  }
}
