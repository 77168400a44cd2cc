/** Singular values and vectors of one side, against ml-matrix and against what they must be. */
import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { bidiagonalise } from '../../metrics/distances/bidiagonal.js';
import { featureStatistics, gaussianOf } from '../../metrics/distances/gaussian-features.js';
import { singularValues } from '../../metrics/distances/singular-values.js';
import { philox4x32 } from '../../contract/philox.js';

/** Numbers within (-1, 1), the same for the same seed. */
function numbers(count: number, seed: number): Float64Array {
  const words = new Uint32Array(4);
  return Float64Array.from({ length: count }, (_, i) => {
    philox4x32([i, 0, 0, 0], [seed, 11], words);
    return (words[0]! + 0.5) / 2 ** 31 - 1;
  });
}

/** Of the given rank, its terms weaker and weaker by `decay`. */
function tableOf(rows: number, columns: number, rank: number, decay: number): Float64Array {
  const [left, right] = [numbers(rows * rank, 3), numbers(rank * columns, 4)];
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += (left[i * rank + k]! * right[k * columns + j]!) / (1 + k) ** decay;
    return sum;
  });
}

describe.each([
  ['square', 24, 24, 24, 0],
  ['a little taller', 30, 24, 24, 0],
  ['a little wider', 24, 30, 24, 0],
  ['much taller', 60, 9, 9, 0],
  ['much wider', 9, 60, 9, 0],
  ['of low rank', 40, 40, 5, 0],
  ['of low rank, tall', 50, 21, 4, 0],
  ['graded over eight orders', 33, 33, 33, 6],
  ['a row', 1, 7, 1, 0],
  ['a column', 7, 1, 1, 0],
  ['one number', 1, 1, 1, 0],
  ['two by two', 2, 2, 2, 0],
  ['three by three of rank one', 3, 3, 1, 0],
])('%s', (_, rows, columns, rank, decay) => {
  const table = tableOf(rows, columns, rank, decay);
  const before = table.slice();
  const { values, vectors } = singularValues(table, rows, columns, true);
  const n = Math.min(rows, columns);
  const largest = Math.max(...values);
  const vector = (k: number): number[] => Array.from({ length: n }, (__, r) => vectors[r * n + k]!);

  test('the values are those of ml-matrix, and the table is left as it is', () => {
    const other = new SingularValueDecomposition(Matrix.from1DArray(rows, columns, table), { autoTranspose: true });
    const sorted = Array.from(values).sort((a, b) => b - a);
    sorted.forEach((value, k) => {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(Math.abs(value - other.diagonal[k]!)).toBeLessThan(1e-14 * largest);
    });
    expect(table).toEqual(before);
    const alone = singularValues(table, rows, columns, false);
    expect(alone.vectors).toHaveLength(0);
    alone.values.forEach((value, k) => expect(Math.abs(value - values[k]!)).toBeLessThan(1e-14 * largest));
  });

  test('the vectors are orthonormal, and their images are orthogonal and as long as the values', () => {
    const image = (k: number): number[] => {
      const v = vector(k);
      const length = Math.max(rows, columns);
      return Array.from({ length }, (__, i) =>
        v.reduce(
          (sum, weight, r) => sum + weight * (columns > rows ? table[r * columns + i]! : table[i * columns + r]!),
          0,
        ),
      );
    };
    const dot = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    for (let k = 0; k < n; k++) {
      for (let l = 0; l <= k; l++) {
        expect(Math.abs(dot(vector(k), vector(l)) - (k === l ? 1 : 0))).toBeLessThan(1e-13);
        const expected = k === l ? values[k]! ** 2 : 0;
        expect(Math.abs(dot(image(k), image(l)) - expected)).toBeLessThan(1e-13 * largest ** 2);
      }
    }
  });
});

test('a table of zeros has values of zero', () => {
  expect(singularValues(new Float64Array(12), 3, 4, true).values).toEqual(new Float64Array(3));
});

test('values that cannot converge end with a message', () => {
  const huge = numbers(16, 1).map((value) => value * 1e200);
  expect(() => singularValues(huge, 4, 4, true)).toThrow('do not converge');
});

test('two diagonals have the length of the table', () => {
  const { diagonal, above } = bidiagonalise(numbers(35, 2), 7, 5, false);
  const squares = (list: Float64Array): number => list.reduce((sum, value) => sum + value * value, 0);
  expect(squares(diagonal) + squares(above)).toBeCloseTo(squares(numbers(35, 2)), 12);
  expect(above[4]).toBe(0);
});

test('the factor of a reference is made once', () => {
  const reference = featureStatistics({ rows: 12, dimension: 4, data: numbers(48, 5) });
  expect(gaussianOf(reference)).toBe(gaussianOf(reference));
  expect(gaussianOf({ ...reference })).toEqual(gaussianOf(reference));
});
