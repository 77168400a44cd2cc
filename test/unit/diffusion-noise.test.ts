/**
 * The keyed noise: golden vectors of an independent numpy program, and its properties.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussianNoise, type NoiseRequest } from '../../diffusion/noise.js';

const golden = (
  JSON.parse(readFileSync(new URL('../golden/diffusion/noise.json', import.meta.url), 'utf8')) as {
    cases: (NoiseRequest & { values: number[] })[];
  }
).cases;
const request = fc.record({
  seed: fc.maxSafeNat(),
  prompt: fc.string({ unit: 'binary' }),
  stepIndex: fc.nat({ max: 50 }),
  length: fc.nat({ max: 40 }),
});

describe('gaussianNoise', () => {
  it.each(golden)('seed $seed, step $stepIndex, "$prompt" is numpy to 1e-7', ({ values, ...asked }) => {
    const noise = gaussianNoise(asked);
    expect(noise).toHaveLength(values.length);
    values.forEach((value, i) =>
      expect(Math.abs(noise[i]! - value)).toBeLessThanOrEqual(1e-7 * Math.max(1, Math.abs(value))),
    );
  });

  it('gives the same numbers for the same request; a longer draw begins with the shorter one', () => {
    fc.assert(
      fc.property(request, fc.nat({ max: 9 }), (asked, more) => {
        const noise = gaussianNoise(asked);
        expect(gaussianNoise(asked)).toEqual(noise);
        expect(gaussianNoise({ ...asked, length: asked.length + more }).subarray(0, asked.length)).toEqual(noise);
        expect(noise.every(Number.isFinite)).toBe(true);
      }),
    );
  });

  it('gives other numbers for another seed, prompt or step', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const base = { ...asked, seed: asked.seed % 2 ** 40, length: 8 };
        const noise = gaussianNoise(base);
        for (const other of [
          { seed: base.seed + 1 },
          { seed: base.seed + 2 ** 32 },
          { prompt: `${base.prompt} ` },
          { stepIndex: base.stepIndex + 1 },
        ]) {
          expect(gaussianNoise({ ...base, ...other })).not.toEqual(noise);
        }
      }),
    );
  });

  it('is standard normal: mean, variance, fourth moment, and no correlation between neighbours or streams', () => {
    const length = 200_000;
    const noise = gaussianNoise({ seed: 3, prompt: 'a blue square', stepIndex: 0, length });
    const other = gaussianNoise({ seed: 3, prompt: 'a blue square', stepIndex: 1, length });
    const average = (of: (z: number, i: number) => number): number =>
      noise.reduce((sum, z, i) => sum + of(z, i), 0) / length;
    const tolerance = 5 / Math.sqrt(length); // five standard errors of a mean of unit variance
    expect(Math.abs(average((z) => z))).toBeLessThan(tolerance);
    expect(Math.abs(average((z) => z * z) - 1)).toBeLessThan(tolerance * Math.SQRT2);
    expect(Math.abs(average((z) => z ** 4) - 3)).toBeLessThan(tolerance * Math.sqrt(96));
    expect(Math.abs(average((z, i) => z * (noise[i + 1] ?? 0)))).toBeLessThan(tolerance);
    expect(Math.abs(average((z, i) => z * other[i]!))).toBeLessThan(tolerance);
  });

  it.each([
    [{ seed: -1 }, 'seed is -1'],
    [{ seed: 2 ** 53 }, 'seed is 9007199254740992'],
    [{ seed: 0.5 }, 'seed is 0.5'],
    [{ stepIndex: -1 }, 'stepIndex is -1'],
    [{ length: 1.5 }, 'length is 1.5'],
  ])('refuses %j', (wrong, message) => {
    expect(() => gaussianNoise({ seed: 0, prompt: '', stepIndex: 0, length: 1, ...wrong })).toThrow(message);
  });
});
