/**
 * Singular values of a table, and the vectors of its smaller side, as distances between Gaussians need
 * them. A general decomposition costs several times as much: it makes the vectors of both sides, on
 * arrays of arrays.
 */
import { bidiagonalise } from './bidiagonal.js';
import { bidiagonalValues } from './bidiagonal-values.js';
import { triangleOf } from './covariance-factors.js';

/** Singular values in no order, and a vector each. */
export interface SingularValues {
  /** (n), n the smaller side of the table. */
  readonly values: Float64Array;
  /** (n, n), row after row: column k belongs to value k. Empty if not requested. */
  readonly vectors: Float64Array;
}

/** Rotations that are kept before they are applied: they stay in the cache, beside a few rows. */
const PENDING = 32_768;
/** A table so many times taller than wide is reduced to a triangle first. */
const TALL = 1.5;

/**
 * @param table (rows, columns), row after row, at least 1 of each, all values finite; it is not changed
 * @returns vectors of the columns' side if there are no more columns than rows (right ones), else of
 *   the rows' side (left ones)
 * @throws QschedError (failure) if the values do not converge: squares of the features overflow
 */
export function singularValues(
  table: Float64Array,
  rows: number,
  columns: number,
  withVectors: boolean,
): SingularValues {
  const wide = columns > rows;
  const [m, n] = wide ? [columns, rows] : [rows, columns];
  // A tall table is reduced to a triangle first; triangleOf takes its columns, and the rows of a wide one.
  const reduced = m > TALL * n;
  const square = (): Float64Array =>
    triangleOf(wide ? Float64Array.from(table) : transposed(table, rows, columns), m, n);
  const tall = reduced ? square() : wide ? transposed(table, rows, columns) : table;
  const { diagonal, above, right } = bidiagonalise(tall, reduced ? n : m, n, withVectors);
  const vectors = withVectors ? transposed(right, n, n) : right;
  const pending = pendingRotations(vectors, n);
  bidiagonalValues(diagonal, above, withVectors ? pending.rotate : () => undefined);
  pending.apply();
  return { values: diagonal, vectors };
}

/** (columns, rows) of (rows, columns). */
export function transposed(data: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let c = 0; c < columns; c++) out[c * rows + i] = data[i * columns + c]!;
  return out;
}

/** Rotations of columns, applied many at once to four rows at a time. */
function pendingRotations(v: Float64Array, n: number) {
  const pairs = new Int32Array(2 * PENDING);
  const angles = new Float64Array(2 * PENDING);
  let count = 0;
  const apply = (): void => {
    const four = new Float64Array(4 * n);
    for (let i = 0; i < n; i += 4) rotateFour(v, i, n, four, pairs, angles, count);
    count = 0;
  };
  const rotate = (left: number, right: number, c: number, s: number): void => {
    pairs[2 * count] = 4 * left;
    pairs[2 * count + 1] = 4 * right;
    angles[2 * count] = c;
    angles[2 * count + 1] = s;
    count += 1;
    if (count === PENDING) apply();
  };
  return {
    rotate,
    apply: () => {
      if (count > 0) apply();
    },
  };
}

/** Rows i to i + 3, side by side in `four` meanwhile. */
function rotateFour(
  v: Float64Array,
  i: number,
  n: number,
  four: Float64Array,
  pairs: Int32Array,
  angles: Float64Array,
  count: number,
): void {
  const rows = Math.min(4, n - i);
  for (let r = 0; r < rows; r++) for (let c = 0; c < n; c++) four[4 * c + r] = v[(i + r) * n + c]!;
  for (let k = 0; k < 2 * count; k += 2) {
    const x = pairs[k]!;
    const y = pairs[k + 1]!;
    const c = angles[k]!;
    const s = angles[k + 1]!;
    const x0 = four[x]!;
    const x1 = four[x + 1]!;
    const x2 = four[x + 2]!;
    const x3 = four[x + 3]!;
    const y0 = four[y]!;
    const y1 = four[y + 1]!;
    const y2 = four[y + 2]!;
    const y3 = four[y + 3]!;
    four[x] = c * x0 + s * y0;
    four[x + 1] = c * x1 + s * y1;
    four[x + 2] = c * x2 + s * y2;
    four[x + 3] = c * x3 + s * y3;
    four[y] = c * y0 - s * x0;
    four[y + 1] = c * y1 - s * x1;
    four[y + 2] = c * y2 - s * x2;
    four[y + 3] = c * y3 - s * x3;
  }
  for (let r = 0; r < rows; r++) for (let c = 0; c < n; c++) v[(i + r) * n + c] = four[4 * c + r]!;
}
