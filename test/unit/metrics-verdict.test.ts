/** The paired bootstrap, Holm's correction, and the verdict. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CASES, DISTRIBUTIONS, simulateCoverage, type CoverageRow } from '../../bench/coverage.js';
import { clustersOf, MINIMUM_PROMPTS, pairedBootstrap } from '../../metrics/statistics/bootstrap.js';
import { holm } from '../../metrics/statistics/holm.js';
import { widest } from '../../metrics/statistics/paired-gain.js';
import { mean, quantileSorted, sd } from '../../metrics/statistics/statistics.js';
import { verdict, type Gain } from '../../metrics/statistics/verdict.js';

/** Differences of 40 prompts, of about 0 to 1, without a generator. */
const spread = Array.from({ length: 40 }, (_, i) => [((i * 17) % 41) / 40]);

/** Studentised intervals of 40 and of 5 of them, with seed 7 and 500 resamples. */
const BITS = {
  forty: { low: 0.40581057536377485, high: 0.5989415463418706 },
  five: { low: -0.04831231096858296, high: 0.9081100278153249 },
};

describe('pairedBootstrap', () => {
  test('centres on the mean and is close to the normal interval of well-behaved differences', () => {
    const result = pairedBootstrap(spread, { seed: 0 });
    const values = spread.map(([value]) => value!);
    const half = (1.96 * sd(values)) / Math.sqrt(40);
    expect(result.mean).toBeCloseTo(mean(values), 14);
    expect(result.prompts).toBe(40);
    for (const { low, high } of [result.percentile, result.studentised]) {
      expect(low).toBeGreaterThan(result.mean - 1.15 * half);
      expect(low).toBeLessThan(result.mean - 0.85 * half);
      expect(high).toBeGreaterThan(result.mean + 0.85 * half);
      expect(high).toBeLessThan(result.mean + 1.15 * half);
    }
    expect(result.probabilityOfGain).toBe(1);
    expect(result.pValue).toBeLessThan(0.001);
  });

  test('gives the same bits for the same seed, and other resamples for another', () => {
    expect(pairedBootstrap(spread, { seed: 7, resamples: 500 })).toEqual(
      pairedBootstrap(spread, { seed: 7, resamples: 500 }),
    );
    expect(pairedBootstrap(spread, { seed: 7, resamples: 500 }).percentile).not.toEqual(
      pairedBootstrap(spread, { seed: 8, resamples: 500 }).percentile,
    );
    expect(pairedBootstrap(spread, { seed: 7, resamples: 500 }).percentile).not.toEqual(
      pairedBootstrap(spread, { seed: 7 + 2 ** 32, resamples: 500 }).percentile,
    );
  });

  test('uses the prompt as the unit: repeating its images adds no certainty, and each prompt counts once', () => {
    const once = pairedBootstrap(spread, { seed: 1, resamples: 300 });
    const repeated = pairedBootstrap(
      spread.map(([value], i) => Array.from({ length: 1 + (i % 4) }, () => value!)),
      { seed: 1, resamples: 300 },
    );
    expect(repeated).toEqual(once);
    expect(pairedBootstrap([[1, 2, 3], [10]], { seed: 0, resamples: 10 }).mean).toBe(6);
  });

  test('shifts and scales with the differences', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 1, max: 9 }), (shift, scale) => {
        const plain = pairedBootstrap(spread, { seed: 3, resamples: 200 });
        const moved = pairedBootstrap(
          spread.map(([value]) => [scale * value! + shift]),
          { seed: 3, resamples: 200 },
        );
        expect(moved.percentile.low).toBeCloseTo(scale * plain.percentile.low + shift, 10);
        expect(moved.studentised.low).toBeCloseTo(scale * plain.studentised.low + shift, 10);
        expect(moved.studentised.high).toBeCloseTo(scale * plain.studentised.high + shift, 10);
      }),
      { numRuns: 20 },
    );
  });

  test('is a point if all prompts agree', () => {
    for (const value of [0.1, 0, -0.3]) {
      const result = pairedBootstrap(
        Array.from({ length: 30 }, () => [value, value, value]),
        { seed: 0, resamples: 50 },
      );
      expect(result).toEqual({
        mean: value,
        percentile: { low: value, high: value },
        studentised: { low: value, high: value },
        probabilityOfGain: value > 0 ? 1 : 0,
        pValue: value > 0 ? 0 : 1,
        prompts: 30,
      });
    }
  });

  test('does not call a gain on one prompt of twenty proven', () => {
    const result = pairedBootstrap(
      Array.from({ length: 20 }, (_, i) => [i === 0 ? 1 : 0]),
      { seed: 0, resamples: 2000 },
    );
    expect(result.percentile.low).toBe(0);
    expect(Number.isFinite(result.studentised.low)).toBe(true);
    expect(verdict([{ scorer: 'objective', prompts: 20, gain: result.mean, ...widest(result) }]).recommend).toBe(
      'identity',
    );
  });

  describe("with fewer than 5 prompts uses Student's distribution", () => {
    // Quantiles of the printed tables of Student's t.
    test.each([
      [[-0.2, -0.0654], 12.706204736174694],
      [[0.1, 0.3, 0.2], 4.302652729749462],
      [[0.1, 0.3, 0.2, -0.05], 3.182446305283711],
    ])('%j', (values, quantile) => {
      const result = pairedBootstrap(
        values.map((value) => [value]),
        { seed: 0 },
      );
      const half = (quantile * sd(values)) / Math.sqrt(values.length);
      expect(result.studentised.low).toBeCloseTo(mean(values) - half, 6);
      expect(result.studentised.high).toBeCloseTo(mean(values) + half, 6);
    });

    test('whose tail is the p-value, consistent with the interval', () => {
      const pOf = (values: readonly number[], level = 0.95) => {
        const { pValue, studentised } = pairedBootstrap(
          values.map((value) => [value]),
          { seed: 0, level },
        );
        return { pValue, low: studentised.low };
      };
      // t = 2 in all three.
      expect(pOf([1, 3]).pValue).toBeCloseTo(0.14758361765043326, 12);
      const around = (n: number) => Array.from({ length: n }, (_, i) => i - (n - 1) / 2);
      const shifted = (n: number) => around(n).map((value) => value + (2 * sd(around(n))) / Math.sqrt(n));
      expect(pOf(shifted(3)).pValue).toBeCloseTo(0.09175170953613696, 12);
      expect(pOf(shifted(4)).pValue).toBeCloseTo(0.06966298427942164, 12);
      for (const n of [2, 3, 4]) {
        const { pValue } = pOf(shifted(n));
        expect(pOf(shifted(n), 1 - 2 * pValue).low).toBeCloseTo(0, 6);
        expect(pOf(shifted(n), 1 - 2 * pValue - 0.01).low).toBeGreaterThan(0);
      }
    });

    test('but is a point if they agree', () => {
      expect(pairedBootstrap([[-0.1], [-0.1]], { seed: 0 }).studentised).toEqual({ low: -0.1, high: -0.1 });
    });
  });

  test('of 5 or more prompts keeps the numbers of the resamples, to the bit', () => {
    expect(pairedBootstrap(spread, { seed: 7, resamples: 500 }).studentised).toEqual(BITS.forty);
    expect(pairedBootstrap(spread.slice(0, 5), { seed: 7, resamples: 500 }).studentised).toEqual(BITS.five);
  });

  test('refuses input without an interval', () => {
    expect(() => pairedBootstrap([[1]], { seed: 0 })).toThrow('at least two prompts');
    expect(() => pairedBootstrap([[1], []], { seed: 0 })).toThrow('Prompt 2 has no differences');
    expect(() => pairedBootstrap([[1], [2, Number.NaN]], { seed: 0 })).toThrow('Difference 2 of prompt 2 is NaN');
    expect(() => pairedBootstrap([[Infinity], [Infinity]], { seed: 0 })).toThrow('not a finite number');
    expect(() => pairedBootstrap(spread, { seed: -1 })).toThrow('seed of the bootstrap is -1');
    expect(() => pairedBootstrap(spread, { seed: 0, resamples: 0 })).toThrow('resamples is 0');
    expect(() => pairedBootstrap(spread, { seed: 0, level: 95 })).toThrow('level is 95');
  });
});

test('clustersOf keeps the order of prompts and images', () => {
  expect(clustersOf([1, 2, 3, 4], ['b', 'a', 'b', 'c'])).toEqual([[1, 3], [2], [4]]);
  expect(() => clustersOf([1, 2], [0])).toThrow('2 differences but 1 prompts');
});

describe('coverage by simulation, short form of bench/coverage.ts', () => {
  const distributions = Object.keys(DISTRIBUTIONS) as (keyof typeof DISTRIBUTIONS)[];
  test.each(
    distributions.flatMap((distribution) => [
      { distribution, prompts: 32, seedsPerPrompt: 1 },
      { distribution, prompts: 64, seedsPerPrompt: 3 },
    ]),
  )('$distribution differences, $prompts prompts, $seedsPerPrompt seeds', (one) => {
    const { studentised, falseHelps } = simulateCoverage(one, 400, 299, 1);
    // The standard error of a share of 400 is 0.011; the bench holds the narrow bounds.
    expect(studentised).toBeGreaterThan(0.925);
    expect(studentised).toBeLessThan(0.98);
    expect(falseHelps).toBeLessThanOrEqual(0.04);
  });
});

describe('coverage by simulation, as bench/coverage.json has it', () => {
  const { rows } = JSON.parse(readFileSync(new URL('../../bench/coverage.json', import.meta.url), 'utf8')) as {
    rows: readonly CoverageRow[];
  };

  test('has every case', () => {
    expect(
      rows.map(({ distribution, prompts, seedsPerPrompt }) => ({ distribution, prompts, seedsPerPrompt })),
    ).toEqual(CASES);
  });

  test.each(rows)(
    '$distribution differences, $prompts prompts, $seedsPerPrompt seeds',
    ({ prompts, searches, studentised, falseHelps }) => {
      expect(searches).toBeGreaterThanOrEqual(10_000);
      expect(studentised).toBeGreaterThanOrEqual(prompts < 128 ? 0.93 : 0.94);
      expect(studentised).toBeLessThanOrEqual(prompts < 128 ? 0.97 : 0.96);
      expect(falseHelps).toBeLessThanOrEqual(0.03);
    },
  );
});

describe('holm', () => {
  test('steps down, keeps the order of the input, and stops at 1', () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    [0.03, 0.06, 0.06, 0.02].forEach((p, i) => expect(adjusted[i]).toBeCloseTo(p, 15));
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
    expect(() => holm([Number.NaN])).toThrow('NaN');
  });

  test('lies between the plain p-value and Bonferroni, in the same order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }), (p) => {
        const adjusted = holm(p);
        return p.every(
          (a, i) =>
            adjusted[i]! >= a &&
            adjusted[i]! <= p.length * a + 1e-15 &&
            p.every((b, j) => a >= b || adjusted[i]! <= adjusted[j]!),
        );
      }),
    );
  });
});

describe('verdict', () => {
  const gain = (percentile: number, studentised: number, scorer = 'objective', prompts = 128): Gain => ({
    scorer,
    prompts,
    gain: 0.1,
    ...widest({ percentile: { low: percentile, high: 0.2 }, studentised: { low: studentised, high: 0.2 } }),
  });

  test('recommends the calibrated coefficients only if every lower end is above 0', () => {
    expect(verdict([gain(0.01, 0.02)]).recommend).toBe('calibrated');
    expect(verdict([gain(0.01, 0.02), gain(0.001, 0.003, 'second')]).recommend).toBe('calibrated');
    for (const [p, s] of [
      [-0.01, 0.02],
      [0.02, -0.01],
      [0, 0.02],
      [0.02, 0],
      [Number.NaN, 0.02],
    ] as const) {
      expect(verdict([gain(p, s)]).recommend).toBe('identity');
    }
    const { recommend, reason } = verdict([gain(0.01, 0.02), gain(0.02, -0.01, 'second')]);
    expect(recommend).toBe('identity');
    expect(reason).toContain('second +0.100 (may be as low as -0.0100)');
    expect(reason).not.toContain('objective');
  });

  test('names the scores in which the calibrated coefficients are worse, with numbers, and those in which nothing is proven', () => {
    const loss = (percentile: number, studentised: number, scorer = 'objective'): Gain => ({
      scorer,
      prompts: 128,
      gain: -0.078,
      ...widest({ percentile: { low: -0.09, high: percentile }, studentised: { low: -0.0888, high: studentised } }),
    });
    expect(verdict([loss(-0.07, -0.0686)])).toEqual({
      recommend: 'identity',
      reason:
        'The calibrated coefficients are worse than the baseline on held-out prompts: objective -0.0780 (at most -0.0686).',
    });
    for (const open of [loss(0, -0.01), loss(-0.01, 0), loss(Number.NaN, -0.01)]) {
      expect(verdict([open]).reason).toMatch(/^The gain on held-out prompts is not proven: objective -0\.0780 \(may/);
    }
    const { reason } = verdict([gain(0.01, 0.02), gain(0.02, -0.01, 'second'), loss(-0.07, -0.0686, 'third')]);
    expect(reason).toBe(
      'The calibrated coefficients are worse than the baseline on held-out prompts: third -0.0780 (at most -0.0686). ' +
        'The gain on held-out prompts is not proven: second +0.100 (may be as low as -0.0100).',
    );
  });

  test('gives none below the minimum number of prompts', () => {
    expect(verdict([gain(0.01, 0.02, 'objective', MINIMUM_PROMPTS - 1)])).toMatchObject({
      recommend: 'none',
      reason: expect.stringContaining('19 held-out prompts'),
    });
    expect(verdict([gain(0.01, 0.02, 'objective', MINIMUM_PROMPTS)]).recommend).toBe('calibrated');
    expect(verdict([]).recommend).toBe('none');
  });
});

test('statistics refuse input without a value, and interpolate', () => {
  expect(quantileSorted([1, 2, 4], 0.75)).toBe(3);
  expect(quantileSorted([5], 0.3)).toBe(5);
  expect(() => quantileSorted([], 0.5)).toThrow('quantile');
  expect(() => quantileSorted([1], 2)).toThrow('quantile');
  expect(() => mean([])).toThrow('no values');
  expect(() => sd([1])).toThrow('at least two');
});
