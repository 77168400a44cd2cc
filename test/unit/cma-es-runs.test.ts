/** CMA-ES that restarts, that stops at the noise of its scores, and that starts from scored points. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstRun, lastSpreads, nextRun, withinNoise, type Run } from '../../optimizers/cma-restarts.js';
import { warmStart } from '../../optimizers/cma-warm-start.js';
import {
  createOptimizer,
  restoreOptimizer,
  type Optimizer,
  type OptimizerOptions,
  type OptimizerState,
  type Point,
} from '../../optimizers/index.js';
import { unpackFloats } from '../../optimizers/pack-floats.js';

const space = { lower: [0.8, 0.8], upper: [1.2, 1.2] };
const base: OptimizerOptions = { space, seed: 1, budget: 3000 };
const throughJson = (state: OptimizerState): OptimizerState => JSON.parse(JSON.stringify(state)) as OptimizerState;

/** The optimum of one corner is a trap: half as good as the other, and nearer to the middle. */
const twoHumps = ([x, y]: Point): number => {
  const from = (a: number, b: number, width: number): number => ((x! - a) ** 2 + (y! - b) ** 2) / width ** 2;
  return Math.max(0.5 - from(0.93, 0.95, 0.2), 1 - from(1.18, 1.18, 0.05));
};

function run(optimizer: Optimizer, score: (point: Point) => number): OptimizerState[] {
  const states: OptimizerState[] = [];
  for (let points = optimizer.ask(); points.length > 0; points = optimizer.ask()) {
    optimizer.tell(points, points.map(score));
    states.push(optimizer.state());
  }
  return states;
}

const runOf = (state: OptimizerState): Run => state.own['run'] as unknown as Run;

describe('restarts', () => {
  it('of ipop double the population and begin anywhere', () => {
    const optimizer = createOptimizer('cma-es', { ...base, restarts: 'ipop' });
    const states = run(optimizer, twoHumps);
    const populations = [...new Set(states.map((state) => state.own['population'] as number))];
    expect(populations.length).toBeGreaterThan(2);
    expect(populations).toEqual(populations.map((_p, i) => 6 * 2 ** i));
    const first = states.filter((state, i) => i > 0 && runOf(state).restarts > runOf(states[i - 1]!).restarts);
    const means = first.map(({ own }) => String(unpackFloats(own['mean'] as string)));
    expect(new Set(means).size).toBe(first.length);
    expect(optimizer.asked).toBe(3000);
  });

  it('find what a single run leaves: a narrow optimum in the corner, in most seeds', () => {
    const found = (restarts: 'none' | 'ipop' | 'bipop'): number =>
      Array.from({ length: 10 }, (_, seed) => {
        const optimizer = createOptimizer('cma-es', { ...base, seed, restarts });
        run(optimizer, twoHumps);
        return optimizer.best!.score > 0.9 ? 1 : 0;
      }).reduce<number>((sum, one) => sum + one, 0);
    const once = found('none');
    for (const restarts of ['ipop', 'bipop'] as const) expect(found(restarts)).toBeGreaterThan(once + 3);
  });

  it('of bipop spend about as many points on small runs as on large ones', () => {
    const optimizer = createOptimizer('cma-es', { ...base, budget: 20_000, restarts: 'bipop' });
    const last = runOf(run(optimizer, twoHumps).at(-1)!);
    expect(last.restarts).toBeGreaterThan(last.doublings);
    const [small, large] =
      last.large === 1 ? [last.toldSmall, last.toldLarge + last.told] : [last.toldSmall + last.told, last.toldLarge];
    expect(small + large).toBeGreaterThan(19_000);
    expect(Math.min(small, large) / (small + large)).toBeGreaterThan(0.2);
  });

  it('follow the rule: a small run while the small ones have been told less, of a population between first and large', () => {
    const draws = fc.tuple(
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(draws, fc.integer({ min: 1, max: 5000 })), { minLength: 1, maxLength: 20 }),
        (all) => {
          let now = firstRun(8);
          for (const [uniforms, told] of all) {
            const before = { ...now, told };
            const small = before.toldSmall + (before.large === 1 ? 0 : told);
            const large = before.toldLarge + (before.large === 1 ? told : 0);
            const { run: next, step } = nextRun('bipop', before, uniforms);
            expect(next.large).toBe(small < large ? 0 : 1);
            expect(next.population).toBeGreaterThanOrEqual(8);
            expect(next.population).toBeLessThanOrEqual(Math.min(512, 8 * 2 ** next.doublings));
            if (next.large === 1) expect([next.population, step]).toEqual([Math.min(512, 8 * 2 ** next.doublings), 1]);
            else expect(step).toBeGreaterThan(0.01);
            now = next;
          }
        },
      ),
    );
  });

  it.each(['ipop', 'bipop'] as const)(
    'of %s come back from a state at every step, in batches below the population',
    (restarts) => {
      const options = { ...base, budget: 1200, restarts };
      const straight = createOptimizer('cma-es', options);
      let resumed = createOptimizer('cma-es', options);
      for (let points = straight.ask(); points.length > 0; points = straight.ask()) {
        expect(points.length).toBeLessThanOrEqual(6);
        expect(resumed.ask()).toEqual(points);
        for (const one of [straight, resumed]) one.tell(points, points.map(twoHumps));
        resumed = restoreOptimizer(throughJson(resumed.state()), options);
        expect(resumed.state()).toEqual(straight.state());
      }
      expect(runOf(straight.state()).restarts).toBeGreaterThan(0);
    },
  );

  it('belong to the search: a state of another choice is refused, and a damaged one', () => {
    const state = createOptimizer('cma-es', { ...base, restarts: 'ipop' }).state();
    expect(() => restoreOptimizer(state, base)).toThrow(/another search/);
    expect(() => restoreOptimizer(state, { ...base, restarts: 'ipop', batch: 5 })).toThrow(/population of 6/);
    for (const [key, value] of [
      ['run', { first: 1 }],
      ['run', 3],
      ['spreads', 7],
      ['population', 12],
    ] as const) {
      const own = { ...state.own, [key]: value };
      expect(() => restoreOptimizer({ ...state, own }, { ...base, restarts: 'ipop' }), key).toThrow(/damaged/);
    }
  });
});

describe('the noise of the scores', () => {
  const bowl = ([x, y]: Point): number => -((x! - 0.93) ** 2) - (y! - 1.1) ** 2;

  it('ends a run once three generations differ by no more: nothing is gained beyond it', () => {
    const ends = [1e-3, 1e-5, 1e-7].map((noise) => {
      const optimizer = createOptimizer('cma-es', { ...base, noise });
      run(optimizer, bowl);
      expect(optimizer.stopReason()).toMatch(/^tolerance: the scores differ by no more than their noise/);
      expect(-optimizer.best!.score).toBeLessThan(noise);
      return optimizer.asked;
    });
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
    const without = createOptimizer('cma-es', { ...base, budget: 600 });
    run(without, bowl);
    expect(without.stopReason()).toBe('budget');
  });

  it('ends a run under independent noise too, once the step no longer matters', () => {
    let told = 0;
    const noisy = (point: Point): number => bowl(point) + 1e-3 * Math.sqrt(2) * Math.sin(1000 * (told += 1));
    const optimizer = createOptimizer('cma-es', { ...base, noise: 1e-3 });
    run(optimizer, noisy);
    expect(optimizer.asked).toBeLessThan(1000);
  });

  it('is measured over all finite scores of three generations', () => {
    const scores = [
      [1, 2, null],
      [3, null, null],
      [5, 7, 9],
    ];
    const spreads = scores.reduce<ReturnType<typeof lastSpreads>>(lastSpreads, []);
    const all = [1, 2, 3, 5, 7, 9];
    const mean = all.reduce((sum, x) => sum + x, 0) / 6;
    const deviation = Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 6);
    expect(withinNoise(spreads, deviation * 1.000001)).toBe(true);
    expect(withinNoise(spreads, deviation * 0.999999)).toBe(false);
    expect(withinNoise(spreads.slice(1), 100)).toBe(false);
    expect(lastSpreads(spreads, [4])).toHaveLength(3);
    expect(lastSpreads(spreads, [null])).toEqual(spreads);
  });
});

describe('a warm start', () => {
  interface Golden {
    readonly cases: readonly {
      readonly alpha: number;
      readonly points: readonly (readonly number[])[];
      readonly losses: readonly number[];
      readonly mean: readonly number[];
      readonly sigma: number;
      readonly covariance: readonly (readonly number[])[];
    }[];
  }
  const path = new URL('../golden/optimizers/cma-warm-start.json', import.meta.url);
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as Golden;

  it.each(cases)(
    'is that of cmaes from $points.length points',
    ({ alpha, points, losses, mean, sigma, covariance }) => {
      const ours = warmStart(
        points.map((point, i) => ({ x: Float64Array.from(point), score: -losses[i]! })),
        alpha,
      );
      expect(ours.sigma).toBeCloseTo(sigma, 9);
      for (const [i, value] of mean.entries()) expect(ours.mean[i]).toBeCloseTo(value, 10);
      for (const [i, value] of covariance.flat().entries()) expect(ours.c[i]).toBeCloseTo(value, 7);
    },
  );

  const known = Array.from({ length: 30 }, (_, i) => {
    const point = [0.8 + (0.4 * ((7 * i) % 30)) / 30, 0.8 + (0.4 * i) / 30];
    return { point, score: -((point[0]! - 0.93) ** 2) - (point[1]! - 1.1) ** 2 };
  });

  it('is where cma-es begins, and is not needed to continue', () => {
    const options = { ...base, warmStart: known };
    const optimizer = createOptimizer('cma-es', options);
    const best = known.toSorted((a, b) => b.score - a.score).slice(0, 3);
    const mean = unpackFloats(optimizer.state().own['mean'] as string)!;
    for (const i of [0, 1]) {
      const expected = best.reduce((sum, { point }) => sum + point[i]! / 3, 0);
      expect(0.8 + 0.4 * mean[i]!).toBeCloseTo(expected, 12);
    }
    optimizer.tell(optimizer.ask(), [1, 2, 3, 4, 5, 6]);
    expect(restoreOptimizer(throughJson(optimizer.state()), options).ask()).toEqual(optimizer.ask());
    expect(() => restoreOptimizer(optimizer.state(), base)).toThrow(/another search/);
  });

  it.each([
    {
      what: 'nine points',
      wrong: { warmStart: known.slice(0, 9) },
      message: /"9 points"; it must be at least 10 points/,
    },
    {
      what: 'a point outside the box',
      wrong: { warmStart: [...known, { point: [0.7, 1], score: 1 }] },
      message: /points inside the box/,
    },
    {
      what: 'a score that is not finite',
      wrong: { warmStart: [...known, { point: [1, 1], score: Number.NaN }] },
      message: /finite score/,
    },
    {
      what: 'a point of one number',
      wrong: { warmStart: [...known, { point: [1], score: 1 }] },
      message: /points inside the box/,
    },
    { what: 'a negative noise', wrong: { noise: -1 }, message: /noise is -1; it must be null, or at least 0/ },
    { what: 'a noise that is not a number', wrong: { noise: Number.NaN }, message: /noise/ },
    {
      what: 'other restarts',
      wrong: { restarts: 'more' as 'ipop' },
      message: /restarts is "more"; it must be "none", "ipop" or "bipop"/,
    },
  ])('and runs refuse $what', ({ wrong, message }) => {
    expect(() => createOptimizer('cma-es', { ...base, ...wrong })).toThrow(message);
  });
});
