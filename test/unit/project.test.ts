/** Coefficients of every step as points of a search space. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { coefficientSpace, type CoefficientShape, type CoefficientTune } from '../../diffusion/coefficients.js';
import { nearestPoint } from '../../diffusion/project.js';

const RANGE = [0.8, 1.2] as const;
const options = (shape: CoefficientShape, tune: CoefficientTune, steps: number) => ({
  shape,
  tune,
  steps,
  range: RANGE,
});

const anyOptions = fc
  .record({
    shape: fc.constantFrom<CoefficientShape>('linear', 'single-scale', 'per-step'),
    tune: fc.constantFrom<CoefficientTune>('both', 'sample', 'noise'),
    steps: fc.integer({ min: 1, max: 16 }),
  })
  .map(({ shape, tune, steps }) => options(shape, tune, steps));
const inside = fc.double({ min: 0.8, max: 1.2, noNaN: true });

describe('the nearest point', () => {
  it('of coefficients that a point has is that point', () => {
    fc.assert(
      fc.property(anyOptions, fc.infiniteStream(inside), (own, values) => {
        const space = coefficientSpace(own);
        const point = [...values.take(space.dimension)];
        const found = nearestPoint(own, space.toCoefficients(point));
        expect(found).toHaveLength(point.length);
        found.forEach((value, i) => expect(value).toBeCloseTo(point[i]!, 9));
      }),
    );
  });

  it('is nearer than its neighbours', () => {
    const steps = fc.integer({ min: 2, max: 8 });
    const shape = fc.constantFrom<CoefficientShape>('linear', 'single-scale');
    fc.assert(
      fc.property(
        shape,
        steps,
        fc.infiniteStream(fc.double({ min: 0.95, max: 1.05, noNaN: true })),
        (kind, n, stream) => {
          const own = { ...options(kind, 'both', n), range: [0.1, 3] as const };
          const wanted = { sample: [...stream.take(n)], noise: [...stream.take(n)] };
          const space = coefficientSpace(own);
          const squares = (point: readonly number[]): number => {
            const { sample, noise } = space.toCoefficients(point);
            const off = (values: readonly number[], of: readonly number[]) =>
              values.reduce((sum, value, i) => sum + (value - of[i]!) ** 2, 0);
            return off(sample, wanted.sample) + off(noise, wanted.noise);
          };
          const point = nearestPoint(own, wanted);
          const least = squares(point);
          point.forEach((_, i) => {
            for (const by of [0.001, -0.001]) {
              expect(squares(point.map((value, k) => (k === i ? value + by : value)))).toBeGreaterThan(least);
            }
          });
        },
      ),
    );
  });

  test('is clipped to the range', () => {
    const found = { sample: [0.5, 1, 1.5], noise: [1, 1, 1] };
    expect(nearestPoint(options('per-step', 'sample', 3), found)).toEqual([0.8, 1, 1.2]);
    expect(nearestPoint(options('linear', 'both', 3), found)).toEqual([0.8, 1.2, 1, 1]);
  });

  test('of the match of the bundled model at 4 steps', () => {
    const sample = [0.839, 1.049, 1.018, 1.013];
    const noise = [0.778, 1.095, 1.055, 1.037];
    // numpy 2.4.6: lstsq(stack([1 - t, t], 1), values) with t = linspace(0, 1, 4).
    const expected = [0.9061, 1.0534, 0.8807, 1.1018];
    nearestPoint(options('linear', 'both', 4), { sample, noise }).forEach((value, i) =>
      expect(value).toBeCloseTo(expected[i]!, 4),
    );
  });

  test('of another number of steps is refused', () => {
    expect(() => nearestPoint(options('linear', 'both', 3), { sample: [1], noise: [1] })).toThrow(/3 steps/);
  });
});
