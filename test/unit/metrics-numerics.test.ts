/** What scores are computed with: products of all pairs of rows, factors, special functions. */
import { expect, test } from 'vitest';
import { cmmd } from '../../metrics/distances/cmmd.js';
import { pivotedCholesky, triangleOf } from '../../metrics/distances/covariance-factors.js';
import { forEachDot, sumOverPairs, type Features } from '../../metrics/distances/features.js';
import { logGamma } from '../../metrics/scores/log-gamma.js';
import { studentQuantile } from '../../metrics/statistics/student.js';

const relative = (a: number, b: number) => Math.abs(a / b - 1);

function waves(rows: number, dimension: number, phase: number): Features & { readonly data: Float64Array } {
  return {
    rows,
    dimension,
    data: Float64Array.from({ length: rows * dimension }, (_, i) => Math.sin(i * i * 0.7 + i + phase)),
  };
}

test.each([
  [1, 1, 3],
  [7, 70, 5],
  [33, 33, 4],
  [66, 35, 9],
])('pairs of %d and %d rows: every dot product once', (n, m, d) => {
  const a = waves(n, d, 1);
  const b = { ...waves(m, d, 2), data: new Float32Array(waves(m, d, 2).data) };
  const plain = (x: Features, i: number, y: Features, j: number) => {
    let sum = 0;
    for (let c = 0; c < d; c++) sum += x.data[i * d + c]! * y.data[j * d + c]!;
    return sum;
  };
  const visited: string[] = [];
  forEachDot(a, b, false, (i, j, dot) => {
    expect(dot).toBe(plain(a, i, b, j));
    visited.push(`${i} ${j}`);
  });
  expect([visited.length, new Set(visited).size]).toEqual([n * m, n * m]);

  const upper: string[] = [];
  forEachDot(a, a, true, (i, j, dot) => {
    expect(dot).toBe(plain(a, i, a, j));
    expect(j).toBeGreaterThanOrEqual(i);
    upper.push(`${i} ${j}`);
  });
  expect([upper.length, new Set(upper).size]).toEqual([(n * (n + 1)) / 2, (n * (n + 1)) / 2]);

  const copy = { ...a, data: a.data.slice() };
  const kernel = (dot: number, squared: number) => Math.exp(-squared) + dot;
  for (const skip of [false, true]) {
    expect(sumOverPairs(a, a, kernel, skip)).toBeCloseTo(sumOverPairs(a, copy, kernel, skip), 9);
  }
  let distances = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) for (let c = 0; c < d; c++) distances += (a.data[i * d + c]! - b.data[j * d + c]!) ** 2;
  }
  expect(
    relative(
      sumOverPairs(a, b, (_, squared) => squared, false),
      distances,
    ),
  ).toBeLessThan(1e-12);
});

test('CMMD of a set and its copy is 0', () => {
  const a = waves(33, 16, 3);
  expect(Math.abs(cmmd(a, { ...a, data: a.data.slice() }))).toBeLessThan(1e-12);
});

/** A^T A, d x d. */
function squareOf(a: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let r = 0; r < a.length; r += d) {
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) out[i * d + j]! += a[r + i]! * a[r + j]!;
  }
  return out;
}

test.each([
  [9, 9],
  [40, 6],
  [5, 1],
])('factors of a table of %d x %d', (n, d) => {
  const { data } = waves(n, d, 4);
  // The last column is the first again, so that the covariance is singular if there is more than one.
  for (let i = 0; i < n; i++) data[i * d + d - 1] = data[i * d]!;
  const columns = Float64Array.from({ length: n * d }, (_, i) => data[(i % n) * d + Math.floor(i / n)]!);
  const square = squareOf(data, d);
  const cholesky = pivotedCholesky(square, d);
  expect(cholesky.length / d).toBe(d === 1 ? 1 : d - 1);
  for (const factor of [cholesky, triangleOf(columns, n, d)]) {
    squareOf(factor, d).forEach((value, i) => expect(Math.abs(value - square[i]!)).toBeLessThan(1e-12 * n));
  }
});

test('factors of nothing but zeros', () => {
  expect(pivotedCholesky(new Float64Array(9), 3)).toEqual(new Float64Array(3));
  expect(triangleOf(new Float64Array(12), 4, 3)).toEqual(new Float64Array(9));
});

test.each([
  [0.1, 2.252712651734206],
  [0.5, 0.5723649429247001],
  [2.5, 0.2846828704729192],
  [15, 25.19122118273868],
  [100, 359.1342053695754],
])('ln of the gamma function at %d', (x, expected) => {
  expect(relative(logGamma(x), expected)).toBeLessThan(1e-13);
});

// scipy's t.ppf.
test.each([
  [0.95, 1, 12.706204736],
  [0.95, 3, 3.182446305],
  [0.9, 10, 1.812461123],
  [0.99, 30, 2.749995654],
  [0.95, 1e6, 1.959966357],
])("Student's quantile, level %d, %d degrees", (level, degrees, expected) => {
  expect(relative(studentQuantile(level, degrees), expected)).toBeLessThan(1e-8);
});

test("Student's quantile out of range is refused", () => {
  expect(() => studentQuantile(1, 5)).toThrow('between 0 and 1');
  expect(() => studentQuantile(0.95, 0)).toThrow('at least 1 degree of freedom');
});
