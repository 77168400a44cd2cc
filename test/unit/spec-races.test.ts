/** What does not go together in a spec about races, grids and ranges that grow: one sentence each. */
import { describe, expect, test } from 'vitest';
import { parseSearchSpec } from '../../contract/validate.js';
import { checkOptimizer } from '../../planning/check-optimizer.js';

const withModel = (rest: object) => ({ model: 'shapes', optimizer: { type: 'cma-es' }, ...rest });

describe('races', () => {
  test.each([
    [
      { optimizer: { type: 'grid' }, racing: 'on' },
      'racing is on, and optimizer.type is "grid": a grid shows its whole surface, so every cell is scored on all pairs.',
    ],
    [
      { racing: { block: 41 } },
      'racing.block is 41, and a candidate has 40 pairs (20 prompts x 2 seeds): nothing would be compared before the end.',
    ],
    [
      { racing: { block: 3 }, prompts: { texts: ['a', 'b'], seeds: [0] } },
      'racing.block is 3, and a candidate has 2 pairs (2 prompts x 1 seed): nothing would be compared before the end.',
    ],
    [{ racing: { block: 1 } }, 'racing.block is 1: must be from 2 to 100000.'],
    [{ racing: { alpha: 0 } }, 'racing.alpha is 0: must be above 0.'],
    [{ racing: { alpha: 0.6 } }, 'racing.alpha is 0.6: must be at most 0.5.'],
    [{ racing: 'maybe' }, 'racing is "maybe": must be on, off, or a group with alpha and block.'],
  ])('%j', (rest, message) => {
    expect(() => parseSearchSpec(withModel(rest))).toThrow(expect.objectContaining({ code: 'usage', message }));
  });

  test.each([
    [{ optimizer: { type: 'grid' } }, 'off'],
    [{ optimizer: { type: 'grid' }, racing: 'off' }, 'off'],
    [{ racing: { block: 40 } }, { block: 40, alpha: 0.05 }],
    [{ racing: 'on' }, { alpha: 0.05 }],
  ])('%j is taken', (rest, racing) => {
    expect(parseSearchSpec(withModel(rest)).racing).toEqual(racing);
  });
});

describe('a range that grows', () => {
  const gp = { type: 'gp' };
  test.each([
    [
      { optimizer: gp, coefficients: { growTo: [0.4, 1.5] } },
      'coefficients.growTo is [0.4,1.5]: must lie within [0.5, 1.5].',
    ],
    [
      { optimizer: gp, coefficients: { growTo: [0.5, 1.6] } },
      'coefficients.growTo is [0.5,1.6]: must lie within [0.5, 1.5].',
    ],
    [
      { optimizer: gp, coefficients: { growTo: [0.9, 1.5] } },
      'coefficients.growTo is [0.9, 1.5], which does not contain coefficients.range, [0.8, 1.2].',
    ],
    [
      { optimizer: gp, coefficients: { range: [0.6, 1.4], growTo: [1.4, 0.6] } },
      'coefficients.growTo is [1.4, 0.6], which does not contain coefficients.range, [0.6, 1.4].',
    ],
    [
      { optimizer: { type: 'sobol' }, coefficients: { growTo: [0.5, 1.5] } },
      'coefficients.growTo is only for optimizers with a model of the surface, and optimizer.type is "sobol".',
    ],
  ])('%j', (rest, message) => {
    expect(() => parseSearchSpec(withModel(rest))).toThrow(expect.objectContaining({ code: 'usage', message }));
  });

  test('is settled again as it was settled', () => {
    for (const optimizer of [gp, { type: 'sobol' }]) {
      const spec = parseSearchSpec(withModel({ optimizer }));
      expect(parseSearchSpec(spec)).toEqual(spec);
    }
  });
});

describe('a grid', () => {
  const check =
    (coefficients: object, gridPoints?: number, steps = 4) =>
    () =>
      checkOptimizer(
        parseSearchSpec(
          withModel({
            coefficients,
            scheduler: { steps },
            optimizer: { type: 'grid', ...(gridPoints === undefined ? {} : { gridPoints }) },
          }),
        ),
      );

  test('of more than a million cells is refused, with how many points there may be', () => {
    expect(check({ shape: 'linear' }, 32)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message:
          'optimizer.gridPoints is 32: a grid of 4 dimensions (sample.start, sample.end, noise.start, noise.end) would have ' +
          '1,048,576 cells, and at most 1,000,000 are allowed.',
        hint: 'Use optimizer.gridPoints of at most 31, or a coefficients.shape with fewer numbers: single-scale has 2.',
      }),
    );
    expect(check({ shape: 'per-step' }, undefined, 8)).toThrow('optimizer.gridPoints is 11: a grid of 16 dimensions');
    expect(check({ shape: 'per-step' }, 2, 16)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^Use another optimizer, or/) as unknown }),
    );
  });

  test('of a million cells is taken', () => {
    expect(check({ shape: 'single-scale' }, 1000)).not.toThrow();
    expect(check({ shape: 'linear' }, 31)).not.toThrow();
    expect(check({ shape: 'single-scale' })).not.toThrow();
  });
});

describe('a Gaussian process', () => {
  const check = (rest: object) => () => checkOptimizer(parseSearchSpec(withModel(rest)));

  test.each([
    [{ optimizer: { type: 'gp', budget: 8 }, prior: 'none' }, 8, 8],
    [{ optimizer: { type: 'gp', budget: 3 }, prior: 'none' }, 3, 8],
    [{ optimizer: { type: 'gp', budget: 20, batch: 20 }, prior: 'none' }, 20, 20],
  ])('%j ends before its model proposes a point', (rest, budget, batch) => {
    expect(check(rest)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `optimizer.budget is ${budget}, and gp asks for ${batch} points before it is told a score: its model would propose none.`,
        hint: `Use a budget of at least ${batch + 1}, a smaller optimizer.batch, a prior, or optimizer.type sobol.`,
      }),
    );
  });

  test.each([
    { optimizer: { type: 'gp', budget: 9 }, prior: 'none' },
    { optimizer: { type: 'gp', budget: 3, batch: 2 }, prior: 'none' },
    // Whether there is a prior is known when the search is opened; auto takes any budget.
    { optimizer: { type: 'gp', budget: 8 } },
    { optimizer: { type: 'auto', budget: 1 }, prior: 'none' },
  ])('%j is taken', (rest) => {
    expect(check(rest)).not.toThrow();
  });
});
