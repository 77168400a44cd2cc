/**
 * The search space: shapes, names, and the way to coefficients; linspace as numpy's.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkCoefficients,
  coefficientSpace,
  identityCoefficients,
  linspace,
  type CoefficientShape,
  type CoefficientTune,
} from '../../diffusion/coefficients.js';

const lines = (
  JSON.parse(readFileSync(new URL('../golden/diffusion/betas.json', import.meta.url), 'utf8')) as {
    linspace: { start: number; end: number; count: number; values: number[] }[];
  }
).linspace;
const range: [number, number] = [0.8, 1.2];
const shapes: CoefficientShape[] = ['linear', 'single-scale', 'per-step'];
const tunes: CoefficientTune[] = ['both', 'sample', 'noise'];
const finite = fc.double({ min: 0.5, max: 2, noNaN: true });

describe('linspace', () => {
  it.each(lines)('is numpy.linspace($start, $end, $count), bit for bit', ({ start, end, count, values }) => {
    expect(linspace(start, end, count)).toEqual(values);
  });

  it('begins at start, ends exactly at end, and rises', () => {
    fc.assert(
      fc.property(
        finite,
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.integer({ min: 2, max: 50 }),
        (start, width, count) => {
          const values = linspace(start, start + width, count);
          expect(values).toHaveLength(count);
          expect([values[0], values.at(-1)]).toEqual([start, start + width]);
          values.slice(1).forEach((value, i) => expect(value).toBeGreaterThan(values[i]!));
        },
      ),
    );
  });
});

describe('coefficientSpace', () => {
  it('linear: four numbers, in the order sample.start, sample.end, noise.start, noise.end', () => {
    const space = coefficientSpace({ shape: 'linear', tune: 'both', range, steps: 3 });
    expect(space).toMatchObject({
      dimension: 4,
      lower: [0.8, 0.8, 0.8, 0.8],
      upper: [1.2, 1.2, 1.2, 1.2],
      names: ['sample.start', 'sample.end', 'noise.start', 'noise.end'],
    });
    expect(space.toCoefficients([0.875, 1.125, 1, 1.5])).toEqual({ sample: [0.875, 1, 1.125], noise: [1, 1.25, 1.5] });
  });

  it('linear with one step: the end has no effect and is not searched', () => {
    const space = coefficientSpace({ shape: 'linear', tune: 'both', range, steps: 1 });
    expect(space.names).toEqual(['sample.start', 'noise.start']);
    expect(space.toCoefficients([0.9, 1.1])).toEqual({ sample: [0.9], noise: [1.1] });
  });

  it('single-scale: the end is 1', () => {
    const space = coefficientSpace({ shape: 'single-scale', tune: 'both', range, steps: 3 });
    expect(space.names).toEqual(['sample.start', 'noise.start']);
    expect(space.toCoefficients([0.5, 1.5])).toEqual({ sample: [0.5, 0.75, 1], noise: [1.5, 1.25, 1] });
    expect(
      coefficientSpace({ shape: 'single-scale', tune: 'both', range, steps: 1 }).toCoefficients([0.5, 1.5]),
    ).toEqual({ sample: [0.5], noise: [1.5] });
  });

  it('per-step: one number per step and coefficient', () => {
    const space = coefficientSpace({ shape: 'per-step', tune: 'both', range, steps: 2 });
    expect(space.names).toEqual(['sample.0', 'sample.1', 'noise.0', 'noise.1']);
    expect(space.toCoefficients([0.9, 0.8, 1.1, 1.2])).toEqual({ sample: [0.9, 0.8], noise: [1.1, 1.2] });
  });

  it('tune: what is not searched stays 1', () => {
    expect(coefficientSpace({ shape: 'linear', tune: 'sample', range, steps: 2 }).toCoefficients([0.9, 1.1])).toEqual({
      sample: [0.9, 1.1],
      noise: [1, 1],
    });
    expect(coefficientSpace({ shape: 'per-step', tune: 'noise', range, steps: 2 }).toCoefficients([0.9, 1.1])).toEqual({
      sample: [1, 1],
      noise: [0.9, 1.1],
    });
  });

  it('every point becomes coefficients that fit, and a point of ones is the identity', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...shapes),
        fc.constantFrom(...tunes),
        fc.integer({ min: 1, max: 50 }),
        fc.infiniteStream(finite),
        (shape, tune, steps, numbers) => {
          const space = coefficientSpace({ shape, tune, range, steps });
          expect([space.lower.length, space.upper.length, space.names.length]).toEqual([
            space.dimension,
            space.dimension,
            space.dimension,
          ]);
          expect(new Set(space.names).size).toBe(space.dimension);
          const point = space.names.map(() => numbers.next().value);
          const c = space.toCoefficients(point);
          checkCoefficients(c, steps);
          const first = tune === 'noise' ? c.noise[0] : c.sample[0];
          expect(first).toBe(point[0]);
          expect(space.identity()).toEqual(identityCoefficients(steps));
          expect(space.toCoefficients(space.names.map(() => 1))).toEqual(space.identity());
        },
      ),
    );
  });

  it('refuses a wrong length, a number that is not finite, a range upside down, no steps', () => {
    const space = coefficientSpace({ shape: 'linear', tune: 'sample', range, steps: 4 });
    expect(() => space.toCoefficients([1])).toThrow(
      'The point has 1 numbers, but this space has 2: sample.start, sample.end.',
    );
    expect(() => space.toCoefficients([1, Number.NaN])).toThrow('sample.end is NaN');
    expect(() => coefficientSpace({ shape: 'linear', tune: 'both', range: [1.2, 0.8], steps: 4 })).toThrow(
      /range is \[1.2, 0.8\]/,
    );
    expect(() =>
      coefficientSpace({ shape: 'linear', tune: 'both', range: [0, Number.POSITIVE_INFINITY], steps: 4 }),
    ).toThrow(/range/);
    expect(() => coefficientSpace({ shape: 'linear', tune: 'both', range, steps: 0 })).toThrow('steps is 0');
  });
});
