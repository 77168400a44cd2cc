/**
 * Cholesky factors of symmetric positive definite matrices, as flat rows: element (i, j) of an n x n matrix is at
 * i n + j. Only the lower triangle is read and written.
 */
const { sqrt } = Math;

/**
 * Overwrites the lower triangle of `a` with L, L L^T = a.
 *
 * @returns false if `a` is not positive definite in floating point
 */
export function factorise(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i += 1) if (!factoriseRow(a, n, i)) return false;
  return true;
}

/** Row `i` of L, where the rows above are factorised and row `i` still holds the matrix. @returns as `factorise` */
export function factoriseRow(a: Float64Array, n: number, i: number): boolean {
  const row = i * n;
  for (let j = 0; j < i; j += 1) {
    const other = j * n;
    let sum = a[row + j]!;
    for (let k = 0; k < j; k += 1) sum -= a[row + k]! * a[other + k]!;
    a[row + j] = sum / a[other + j]!;
  }
  let pivot = a[row + i]!;
  for (let k = 0; k < i; k += 1) pivot -= a[row + k]! ** 2;
  if (!(pivot > 0)) return false;
  a[row + i] = sqrt(pivot);
  return true;
}

/** Overwrites b with L^-1 b. @param size rows in use */
export function solveLower(l: Float64Array, n: number, b: Float64Array, size = n): void {
  for (let i = 0; i < size; i += 1) {
    let sum = b[i]!;
    for (let k = 0, row = i * n; k < i; k += 1) sum -= l[row + k]! * b[k]!;
    b[i] = sum / l[i * n + i]!;
  }
}

/** Overwrites b with L^-T b. @param size rows in use */
export function solveUpper(l: Float64Array, n: number, b: Float64Array, size = n): void {
  for (let i = size - 1; i >= 0; i -= 1) {
    let sum = b[i]!;
    for (let k = i + 1; k < size; k += 1) sum -= l[k * n + i]! * b[k]!;
    b[i] = sum / l[i * n + i]!;
  }
}

/** (L L^T)^-1, both triangles. */
export function inverseOf(l: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  const column = new Float64Array(n);
  for (let j = 0; j < n; j += 1) {
    column.fill(0);
    column[j] = 1;
    solveLower(l, n, column);
    solveUpper(l, n, column);
    for (let i = 0; i < n; i += 1) inverse[i * n + j] = column[i]!;
  }
  return inverse;
}
