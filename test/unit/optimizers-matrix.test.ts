/** Square roots of covariance matrices. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matrixRoots, times } from '../../optimizers/matrix-roots.js';

describe('matrixRoots', () => {
  it('gives R with R R = C and S with S R = I', () => {
    const entries = fc
      .integer({ min: 1, max: 8 })
      .chain((n) => fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: n * n, maxLength: n * n }));
    fc.assert(
      fc.property(entries, (a) => {
        const n = Math.sqrt(a.length);
        const c = Float64Array.from({ length: n * n }, (_, at) => {
          const [i, j] = [Math.floor(at / n), at % n];
          let total = i === j ? 0.01 : 0;
          for (let k = 0; k < n; k += 1) total += a[i * n + k]! * a[j * n + k]!;
          return total;
        });
        const { root, inverseRoot, largest } = matrixRoots(c, n);
        for (let j = 0; j < n; j += 1) {
          const column = root.slice(j * n, (j + 1) * n);
          const [square, unit] = [times(root, column), times(inverseRoot, column)];
          for (let i = 0; i < n; i += 1) {
            expect(square[i]).toBeCloseTo(c[i * n + j]!, 10);
            expect(unit[i]).toBeCloseTo(i === j ? 1 : 0, 8);
            expect(c[i * n + i]).toBeLessThanOrEqual(largest ** 2 * (1 + 1e-12));
          }
        }
      }),
    );
  });

  it.each([1, 1 + 1e-9])('keeps both finite where C has lost a direction: off-diagonal %d', (off) => {
    const { root, inverseRoot, largest } = matrixRoots(Float64Array.of(1, off, off, 1), 2);
    expect(largest).toBeCloseTo(Math.SQRT2, 8);
    expect(Math.max(...root)).toBeLessThan(2);
    expect(Math.max(...inverseRoot)).toBeLessThan(1e8);
  });

  it.each([[[0, 0, 0, 0]], [[1, Number.NaN, Number.NaN, 1]], [[Number.POSITIVE_INFINITY, 0, 0, 1]]])(
    'says 0 for %j, which is no covariance',
    (c) => {
      expect(matrixRoots(Float64Array.from(c), 2).largest).toBe(0);
    },
  );
});
