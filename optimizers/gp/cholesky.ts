/**
 * Cholesky factors of symmetric positive definite matrices, as flat rows: element (i, j) of an n x n matrix is at
 * i n + j. Only the lower triangle is read and written. Inner loops run along rows.
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
function factoriseRow(a: Float64Array, n: number, i: number): boolean {
  const row = i * n;
  for (let j = 0; j < i; j += 1) {
    const other = j * n;
    let sum = a[row + j]!;
    for (let k = 0; k < j; k += 1) sum -= a[row + k]! * a[other + k]!;
    a[row + j] = sum / a[other + j]!;
  }
  let pivot = a[row + i]!;
  for (let k = 0; k < i; k += 1) pivot -= a[row + k]! * a[row + k]!;
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
    const row = i * n;
    const solved = b[i]! / l[row + i]!;
    b[i] = solved;
    for (let k = 0; k < i; k += 1) b[k]! -= l[row + k]! * solved;
  }
}

/** The lower triangle of (L L^T)^-1 = M^T M, M = L^-1. */
export function inverseOf(l: Float64Array, n: number): Float64Array {
  const m = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    const row = i * n;
    const pivot = 1 / l[row + i]!;
    for (let k = 0; k < i; k += 1) {
      const factor = l[row + k]! * pivot;
      for (let j = 0, above = k * n; j <= k; j += 1) m[row + j]! -= factor * m[above + j]!;
    }
    m[row + i] = pivot;
  }
  const inverse = new Float64Array(n * n);
  for (let k = 0; k < n; k += 1) {
    const below = k * n;
    for (let i = 0; i <= k; i += 1) {
      const factor = m[below + i]!;
      for (let j = 0, row = i * n; j <= i; j += 1) inverse[row + j]! += factor * m[below + j]!;
    }
  }
  return inverse;
}
