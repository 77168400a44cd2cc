/** What is specific to each optimizer, and how bad options are refused. */
import { describe, expect, it } from 'vitest';
import { cmaConstants, defaultPopulation } from '../../optimizers/cma-constants.js';
import { firstState, samplePoint, updateState } from '../../optimizers/cma-update.js';
import { matrixRoots } from '../../optimizers/matrix-roots.js';
import { packFloats } from '../../optimizers/pack-floats.js';
import { createGenerator } from '../../optimizers/rng.js';
import {
  createOptimizer,
  defaultBatch,
  OPTIMIZER_NAMES,
  OPTIMIZERS,
  proposeBatch,
  restoreOptimizer,
  thinks,
  type OptimizerEntry,
  type OptimizerOptions,
} from '../../optimizers/index.js';
import { QschedError } from '../../contract/errors.js';

const space = { lower: [0.8, 0.8], upper: [1.2, 1.2] };
const base: OptimizerOptions = { space, seed: 0, budget: 200 };

function thrown(action: () => unknown): QschedError {
  try {
    action();
  } catch (error) {
    if (error instanceof QschedError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('grid', () => {
  it('scans the full product, first dimension outermost, ends and middle exact', () => {
    const optimizer = createOptimizer('grid', base);
    const points = optimizer.ask();
    expect(points).toHaveLength(121);
    expect([points[0], points[10], points[60], points[110], points[120]]).toEqual([
      [0.8, 0.8],
      [0.8, 1.2],
      [1, 1],
      [1.2, 0.8],
      [1.2, 1.2],
    ]);
    for (const [index, [x, y]] of points.entries()) {
      expect(x).toBeCloseTo(0.8 + 0.04 * Math.floor(index / 11), 14);
      expect(y).toBeCloseTo(0.8 + 0.04 * (index % 11), 14);
    }
    optimizer.tell(
      points,
      points.map(() => 1),
    );
    expect(optimizer.ask()).toEqual([]);
    expect(optimizer.stopReason()).toBe('grid exhausted');
    expect(optimizer.state().own).toEqual({});
  });

  it('takes gridPoints, and spreads over the grid if the budget is below its cells', () => {
    const optimizer = createOptimizer('grid', { ...base, budget: 5, gridPoints: 3, batch: 3 });
    const first = optimizer.ask();
    for (const axis of [0, 1]) expect(new Set(first.map((point) => point[axis]!))).toEqual(new Set([0.8, 1, 1.2]));
    optimizer.tell(first, [1, null, 1]);
    const rest = optimizer.ask();
    expect(new Set([...first, ...rest].map(String)).size).toBe(5);
    optimizer.tell(rest, [1, 1]);
    expect(optimizer.stopReason()).toBe('budget');
  });

  it.each([2, 3, 4, 7, 10, 11])('of %i points per dimension spreads: every cell once, and the axes evenly', (n) => {
    const many = { lower: [0, 0, 0], upper: [n - 1, n - 1, n - 1] };
    const ask = (budget: number): string[] =>
      createOptimizer('grid', { space: many, seed: 0, budget, gridPoints: n })
        .ask()
        .map((point) => point.map(Math.round).join(' '));
    const cells = ask(n ** 3 - 1);
    expect(new Set(cells).size).toBe(n ** 3 - 1);
    const values = (axis: number, list: string[]): Set<string> => new Set(list.map((cell) => cell.split(' ')[axis]!));
    for (const axis of [0, 1, 2]) {
      for (const from of [0, n, 5 * n]) {
        const block = cells.slice(from, from + n);
        if (block.length === n) expect(values(axis, block).size).toBe(n);
      }
    }
    const pairs = cells.slice(0, n * n).map((cell) => cell.split(' '));
    if ([3, 7, 11].includes(n)) {
      for (const [a, b] of [
        [0, 1],
        [0, 2],
        [1, 2],
      ] as const) {
        expect(new Set(pairs.map((cell) => `${cell[a]!} ${cell[b]!}`)).size).toBe(n * n);
      }
    }
    for (const budget of [1, n, 2 * n].filter((one) => one < n ** 3)) {
      expect(ask(budget)).toEqual(cells.slice(0, budget));
    }
    expect([...ask(n ** 3)].sort()).toEqual([...new Set([...cells, ...ask(n ** 3)])].sort());
  });

  it('ends in the order in which it began when the budget grows beyond its cells', () => {
    const small = { ...base, budget: 5, gridPoints: 3, batch: 20 };
    const optimizer = createOptimizer('grid', small);
    const first = optimizer.ask();
    optimizer.tell(first, [1, 2, 3, 4, 5]);
    const grown = restoreOptimizer(optimizer.state(), { ...small, budget: 20 });
    const rest = grown.ask();
    expect(rest).toHaveLength(4);
    expect(new Set([...first, ...rest].map(String)).size).toBe(9);
  });

  it('has a place for every budget, also if it has more cells than float64 can count', () => {
    const d = 400;
    const many = { lower: new Array<number>(d).fill(0), upper: new Array<number>(d).fill(1) };
    const points = createOptimizer('grid', { space: many, seed: 0, budget: 33 }).ask();
    expect(new Set(points.map(String)).size).toBe(33);
    for (const axis of [0, 1, 398, 399]) {
      expect(new Set(points.slice(0, 11).map((point) => point[axis]!)).size).toBe(11);
    }
  });
});

describe('one-plus-one', () => {
  it('steps sigma as Nevergrad does: losses 5, 4, 6, 6, 3, 3', () => {
    const optimizer = createOptimizer('one-plus-one', base);
    const sigmas = [5, 4, 6, 6, 3, 3].map((loss) => {
      optimizer.tell(optimizer.ask(), [-loss]);
      return optimizer.state().own['sigma'] as number;
    });
    for (const [i, sigma] of [2, 4, 3.36, 2.8224, 5.6448, 5.6448].entries()) expect(sigmas[i]).toBeCloseTo(sigma, 12);
  });

  it('asks the middle first, and shares parent and sigma within a batch', () => {
    const together = createOptimizer('one-plus-one', { ...base, batch: 3 });
    const [first, second, third] = together.ask();
    expect(first).toEqual([1, 1]);
    const alone = createOptimizer('one-plus-one', base);
    alone.tell(alone.ask(), [null]);
    expect(alone.ask()).toEqual([second]);
    alone.tell(alone.ask(), [null]);
    expect(alone.ask()).toEqual([third]);
  });

  it('keeps the best as parent: a tie replaces it, a failed point never does', () => {
    const optimizer = createOptimizer('one-plus-one', base);
    const parents = [null, 1, null, 1, 0.5].map((score) => {
      const point = optimizer.ask()[0];
      optimizer.tell(optimizer.ask(), [score]);
      return { point, parent: optimizer.state().own['parent'], sigma: optimizer.state().own['sigma'] };
    });
    expect(parents[0]).toEqual({ point: [1, 1], parent: [1, 1], sigma: 1 });
    expect(parents[1]!.parent).toEqual(parents[1]!.point);
    expect(parents[2]).toMatchObject({ parent: parents[1]!.point, sigma: 2 * 0.84 });
    expect(parents[3]).toMatchObject({ parent: parents[3]!.point, sigma: 2 * 0.84 });
    expect(parents[4]!.parent).toEqual(parents[3]!.point);
  });

  it('asks 0 for -0, which JSON would not keep', () => {
    const optimizer = createOptimizer('one-plus-one', {
      space: { lower: [-1], upper: [1] },
      seed: 0,
      budget: 2,
      start: [-0],
    });
    expect(optimizer.ask()).toEqual([[0]]);
  });

  it('stays finite when every score is better than the last', () => {
    const optimizer = createOptimizer('one-plus-one', { ...base, budget: 3000 });
    for (let score = 0; score < 2000; score += 1) optimizer.tell(optimizer.ask(), [score]);
    const state = JSON.parse(JSON.stringify(optimizer.state())) as ReturnType<typeof optimizer.state>;
    expect(restoreOptimizer(state, { ...base, budget: 3000 }).ask()).toEqual(optimizer.ask());
  });
});

describe('cma-es', () => {
  it.each([
    { n: 2, lambda: 6, mu: 3, values: [2.028611, 0.446205, 1.446205, 0.624555, 0.154815, 0.057859, 1.254273] },
    { n: 4, lambda: 8, mu: 4, values: [2.600179, 0.396561, 1.396561, 0.5, 0.065167, 0.051024, 1.880952] },
  ])('has the constants of n = $n', ({ n, lambda, mu, values }) => {
    const { muEff, cSigma, dSigma, cC, c1, cMu, chiN, ...rest } = cmaConstants(n, lambda);
    expect([muEff, cSigma, dSigma, cC, c1, cMu, chiN].map((value) => Number(value.toFixed(6)))).toEqual(values);
    expect(rest).toMatchObject({ n, lambda, mu });
    expect(defaultPopulation(n)).toBe(lambda);
  });

  it('has the weights of n = 4', () => {
    const weights = cmaConstants(4, 8).weights.map((weight) => Number(weight.toFixed(5)));
    expect(weights).toEqual([0.52993, 0.28571, 0.14286, 0.0415, -0.17013, -0.46454, -0.71345, -0.92907]);
  });

  it('takes the batch as population, and refuses another one later', () => {
    const optimizer = createOptimizer('cma-es', { ...base, batch: 5 });
    expect(optimizer.ask()).toHaveLength(5);
    const state = optimizer.state();
    expect(thrown(() => restoreOptimizer(state, base)).message).toMatch(/population of 5, but the batch is 6/);
    expect(thrown(() => createOptimizer('cma-es', { ...base, batch: 1 })).code).toBe('usage');
  });

  it('stops by its tolerance when that is set, and not before', () => {
    const run = (tolerance: number): { asked: number; reason: string | null } => {
      const optimizer = createOptimizer('cma-es', { ...base, budget: 600, tolerance });
      for (let points = optimizer.ask(); points.length > 0; points = optimizer.ask()) {
        optimizer.tell(
          points,
          points.map(([x, y]) => -((x! - 0.93) ** 2) - (y! - 1) ** 2),
        );
      }
      return { asked: optimizer.asked, reason: optimizer.stopReason() };
    };
    expect(run(1e-13).reason).toBe('budget');
    const early = run(1e-3);
    expect(early.reason).toMatch(/^tolerance: /);
    expect(early.asked).toBeLessThan(300);
  });

  it('keeps its distribution while a whole generation fails, and asks other points', () => {
    const optimizer = createOptimizer('cma-es', base);
    const [before, first] = [optimizer.state().own, optimizer.ask()];
    optimizer.tell(
      first,
      first.map(() => null),
    );
    expect(optimizer.state().own).toEqual(before);
    expect(optimizer.ask()).not.toEqual(first);
  });

  it('keeps the unit coordinates of its samples: mapping points back would change the last bits', () => {
    const four = { lower: [0.8, 0.8, 0.8, 0.8], upper: [1.2, 1.2, 1.2, 1.2] };
    const optimizer = createOptimizer('cma-es', { space: four, seed: 5, budget: 80 });
    const first = firstState(new Float64Array(4).fill(0.5), 1 / 6);
    const roots = matrixRoots(first.c, 4);
    const { normal } = createGenerator(5);
    const samples = Array.from({ length: 8 }, (_, i) => samplePoint(first, roots, normal, i, 'clip'));
    optimizer.tell(optimizer.ask(), [8, 7, 6, 5, 4, 3, 2, 1]);
    const { mean, sigma, pC } = updateState(first, cmaConstants(4, 8), samples, roots);
    const { own } = optimizer.state();
    expect(own).toMatchObject({ mean: packFloats(mean), sigma, pC: packFloats(pC), scores: '' });
    expect(own).not.toHaveProperty('others');
  });

  it('keeps other points that it was told in its state until their generation is complete', () => {
    const optimizer = createOptimizer('cma-es', base);
    const points = optimizer.ask().map((point, i) => (i === 1 ? [0.9, 1.1] : point));
    optimizer.tell(points.slice(0, 3), [1, 2, 3]);
    const { own } = optimizer.state();
    expect(Object.keys(own['others'] as object)).toEqual(['1']);
    expect(() => restoreOptimizer({ ...optimizer.state(), own: { ...own, others: 1 } }, base)).toThrow(
      /damaged: others/,
    );
    expect(() => restoreOptimizer({ ...optimizer.state(), own: { ...own, others: { 1: '' } } }, base)).toThrow(
      /a point/,
    );
    optimizer.tell(points.slice(3), [4, 5, 6]);
    expect(optimizer.state().own).not.toHaveProperty('others');
  });

  it('starts at `start` with `stepSize`', () => {
    const points = createOptimizer('cma-es', { ...base, start: [0.9, 1.1], stepSize: 1e-6 }).ask();
    for (const [x, y] of points) {
      expect(x).toBeCloseTo(0.9, 5);
      expect(y).toBeCloseTo(1.1, 5);
    }
  });
});

describe('random and sobol', () => {
  it.each(['random', 'sobol'])('%s asks the same points in any batch, others for another seed', (name) => {
    const at = (seed: number, batch: number): unknown[] => {
      const optimizer = createOptimizer(name, { ...base, seed, budget: 12, batch });
      const points: unknown[] = [];
      for (let asked = optimizer.ask(); asked.length > 0; asked = optimizer.ask()) {
        points.push(...asked);
        optimizer.tell(
          asked,
          asked.map(() => 0),
        );
      }
      return points;
    };
    expect(at(0, 5)).toEqual(at(0, 12));
    expect(at(1, 12)).not.toEqual(at(0, 12));
    expect(at(2 ** 32, 12)).not.toEqual(at(0, 12));
  });

  it('sobol puts one point into each of 2^k strips of every dimension', () => {
    const d = 32;
    const unit = { lower: new Array<number>(d).fill(0), upper: new Array<number>(d).fill(1) };
    const points = createOptimizer('sobol', { space: unit, seed: 9, budget: 256 }).ask();
    for (let j = 0; j < d; j += 1) expect(new Set(points.map((point) => Math.floor(256 * point[j]!))).size).toBe(256);
  });

  it('sobol refuses more than 32 dimensions', () => {
    const many = { lower: new Array<number>(33).fill(0), upper: new Array<number>(33).fill(1) };
    expect(thrown(() => createOptimizer('sobol', { ...base, space: many }))).toMatchObject({
      code: 'usage',
      message: expect.stringContaining('33') as string,
    });
  });
});

describe('defaultBatch', () => {
  it.each([
    ['one-plus-one', 4, 200, 1],
    ['cma-es', 2, 200, 6],
    ['cma-es', 4, 200, 8],
    ['cma-es', 1, 200, 4],
    ['grid', 2, 200, 121],
    ['grid', 4, 200, 200],
    ['random', 4, 200, 200],
    ['sobol', 4, 200, 200],
  ])('%s in %i dimensions with a budget of %i: %i', (name, dimension, budget, batch) => {
    expect(defaultBatch(name, dimension, budget)).toBe(batch);
  });

  it('follows gridPoints', () => {
    expect(defaultBatch('grid', 2, 200, { gridPoints: 5 })).toBe(25);
  });
});

describe('bad options', () => {
  it.each([
    ['an empty space', { space: { lower: [], upper: [] } }, /no dimension/],
    ['bounds of different lengths', { space: { lower: [0], upper: [1, 2] } }, /1 lower and 2 upper/],
    ['a box upside down', { space: { lower: [0, 2], upper: [1, 1] } }, /Dimension 2 .* from 2 to 1/],
    ['a box without width', { space: { lower: [1], upper: [1] } }, /from 1 to 1/],
    ['an infinite bound', { space: { lower: [0], upper: [Number.POSITIVE_INFINITY] } }, /finite/],
    ['a bound that is not a number', { space: { lower: [Number.NaN], upper: [1] } }, /finite/],
    ['a negative seed', { seed: -1 }, /seed is -1/],
    ['a broken seed', { seed: 0.5 }, /seed is 0.5/],
    ['no budget', { budget: 0 }, /budget is 0/],
    ['a broken budget', { budget: 1.5 }, /budget is 1.5/],
    ['an empty batch', { batch: 0 }, /batch is 0/],
    ['one grid point', { gridPoints: 1 }, /gridPoints is 1/],
    ['no step', { stepSize: 0 }, /stepSize is 0/],
    ['a start outside', { start: [0.7, 1] }, /start/],
    ['a start of another length', { start: [1] }, /start/],
    ['a negative tolerance', { tolerance: -1 }, /tolerance is -1/],
  ] as const)('%s', (_what, wrong, message) => {
    for (const name of OPTIMIZER_NAMES) {
      const error = thrown(() => createOptimizer(name, { ...base, ...wrong }));
      expect(error.code).toBe('usage');
      expect(error.message).toMatch(message);
      expect(error.hint).not.toBe('');
    }
  });

  it('names the optimizers there are, and the nearest', () => {
    const error = thrown(() => createOptimizer('cmaes', base));
    expect(error.message).toContain('"cmaes"');
    expect(error.hint).toBe('Did you mean "cma-es"? Allowed: grid, one-plus-one, cma-es, gp, auto, random, sobol.');
    expect(thrown(() => defaultBatch('toString', 2, 10)).code).toBe('usage');
  });
});

describe('an optimizer that thinks', () => {
  const asked: number[] = [];
  const slow: OptimizerEntry = {
    thinks: true,
    batch: () => 2,
    make: ({ space }) => ({
      left: () => Number.POSITIVE_INFINITY,
      propose: (from, count) => {
        asked.push(from);
        return Array.from({ length: count }, () => [...space.lower]);
      },
      absorb: () => undefined,
      stopReason: () => null,
      own: () => ({}),
    }),
  };
  const registry = { ...OPTIMIZERS, slow };

  it('is marked in its registry', () => {
    expect(thinks('slow', registry)).toBe(true);
    expect(OPTIMIZER_NAMES.filter((name) => thinks(name))).toEqual(['gp', 'auto']);
    expect(() => thinks('slow')).toThrow(/There is no optimizer "slow"/);
  });

  it('is built, told and saved without being asked, and proposes from its state alone', () => {
    const optimizer = createOptimizer('slow', base, registry);
    optimizer.tell(
      [
        [1, 1],
        [0.9, 1.1],
      ],
      [1, 2],
    );
    const state = optimizer.state();
    expect(restoreOptimizer(state, base, registry).asked).toBe(2);
    expect(asked).toEqual([]);
    expect(proposeBatch('slow', base, state, registry)).toEqual([
      [0.8, 0.8],
      [0.8, 0.8],
    ]);
    expect(asked).toEqual([2]);
    expect(defaultBatch('slow', 2, 10, {}, registry)).toBe(2);
  });
});
