/** The optimizer that chooses: a Gaussian process, then CMA-ES from its points. */
import { describe, expect, it } from 'vitest';
import { autoPlan } from '../../optimizers/auto.js';
import {
  createOptimizer,
  restoreOptimizer,
  type Optimizer,
  type OptimizerOptions,
  type Point,
} from '../../optimizers/index.js';
import { unpackFloats } from '../../optimizers/pack-floats.js';

const space = { lower: [0.8, 0.8], upper: [1.2, 1.2] };
const score = ([x, y]: Point): number => -((x! - 0.93) ** 2) - 3 * (y! - 1.05 - 0.2 * (x! - 0.93)) ** 2;

function run(optimizer: Optimizer, until = Number.POSITIVE_INFINITY): Point[] {
  const all: Point[] = [];
  for (let points = optimizer.ask(); points.length > 0 && optimizer.asked < until; points = optimizer.ask()) {
    all.push(...points);
    optimizer.tell(points, points.map(score));
  }
  return all;
}

describe('the plan', () => {
  it.each([
    { dimension: 2, budget: 20, batch: 8, modelPoints: null, population: 8 },
    { dimension: 4, budget: 100, batch: 8, modelPoints: null, population: 8 },
    { dimension: 4, budget: 256, batch: 8, modelPoints: null, population: 8 },
    { dimension: 4, budget: 257, batch: 8, modelPoints: 192, population: 8 },
    { dimension: 4, budget: 2500, batch: 20, modelPoints: 200, population: 20 },
    { dimension: 16, budget: 1000, batch: 8, modelPoints: 192, population: 16 },
    { dimension: 4, budget: 1000, batch: 1, modelPoints: 192, population: 8 },
    { dimension: 4, budget: 300, batch: 300, modelPoints: null, population: 300 },
    { dimension: 32, budget: 100, batch: 8, modelPoints: null, population: 16 },
    { dimension: 33, budget: 100, batch: 8, modelPoints: 0, population: 16 },
  ])('of $dimension dimensions, budget $budget, batch $batch', ({ dimension, budget, batch, ...plan }) => {
    expect(autoPlan(dimension, budget, batch)).toEqual(plan);
  });
});

describe('auto', () => {
  it.each([20, 50, 100])('is the Gaussian process with a budget of %i', (budget) => {
    const options: OptimizerOptions = { space, seed: 4, budget };
    expect(run(createOptimizer('auto', options))).toEqual(run(createOptimizer('gp', options)));
  });

  it('keeps its choice when the budget grows, also where the opening is not told again', () => {
    const opened: OptimizerOptions = { space, seed: 4, budget: 24 };
    const optimizer = createOptimizer('auto', opened);
    run(optimizer);
    const state = JSON.parse(JSON.stringify(optimizer.state())) as ReturnType<typeof optimizer.state>;
    const plain = createOptimizer('gp', { ...opened, budget: 64 });
    run(plain, 24);
    for (const later of [{ budget: 5000 }, { budget: 5000, openedBudget: 24 }]) {
      const resumed = restoreOptimizer(state, { ...opened, ...later });
      expect(resumed.ask()).toEqual(plain.ask());
      expect(resumed.state().own).toMatchObject({ modelPoints: null });
    }
    const large = createOptimizer('auto', { ...opened, openedBudget: 1000 });
    expect(large.state().own).toMatchObject({ modelPoints: 192, population: 8 });
  });

  /** Any points of the box: a model takes in what it is told, and need not be asked for it. */
  const elsewhere = (index: number, count: number): Point[] =>
    Array.from({ length: count }, (_, k) =>
      [0, 1].map((j) => 0.8 + 0.4 * (((index + k + 1) * [0.7549, 0.5698][j]!) % 1)),
    );

  it('hands over to CMA-ES after the points of the model, which begins at the best tenth of them', () => {
    const options: OptimizerOptions = { space, seed: 1, budget: 400 };
    const optimizer = createOptimizer('auto', options);
    const told: Point[] = [];
    while (optimizer.asked < 192) {
      expect(optimizer.state().own['stage']).toBe('gp');
      const points = elsewhere(optimizer.asked, 8);
      told.push(...points);
      optimizer.tell(points, points.map(score));
    }
    const { own } = optimizer.state();
    expect(own).toMatchObject({ stage: 'cma-es', ...space });
    const { mean } = own['of'] as { mean: string };
    const best = told.toSorted((a, b) => score(b) - score(a)).slice(0, 19);
    for (const i of [0, 1]) {
      const expected = best.reduce((sum, point) => sum + point[i]! / 19, 0);
      expect(0.8 + 0.4 * unpackFloats(mean)![i]!).toBeCloseTo(expected, 6);
    }
    run(optimizer);
    expect(optimizer.asked).toBe(400);
    expect(-optimizer.best!.score).toBeLessThan(1e-6);
  });

  it('is CMA-ES from the beginning in many dimensions', () => {
    const many = { lower: new Array<number>(40).fill(0.8), upper: new Array<number>(40).fill(1.2) };
    const options: OptimizerOptions = { space: many, seed: 1, budget: 100 };
    const [ours, plain] = [
      createOptimizer('auto', options),
      createOptimizer('cma-es', { ...options, batch: 16, restarts: 'ipop' }),
    ];
    expect([ours.ask(), ours.ask().length]).toEqual([plain.ask().slice(0, 8), 8]);
  });

  it('continues from its state in both stages, to the same points', () => {
    const options: OptimizerOptions = { space, seed: 2, budget: 300, batch: 16 };
    const straight = createOptimizer('auto', options);
    let resumed = createOptimizer('auto', options);
    while (straight.stopReason() === null) {
      const model = straight.asked > 16 && straight.asked < 192;
      const points = model ? elsewhere(straight.asked, 16) : straight.ask();
      if (!model) expect(resumed.ask()).toEqual(points);
      for (const one of [straight, resumed]) one.tell(points, points.map(score));
      resumed = restoreOptimizer(JSON.parse(JSON.stringify(resumed.state())) as never, options);
      expect(resumed.state()).toEqual(straight.state());
    }
    expect(straight.asked).toBe(300);
  });

  it('begins CMA-ES at the best point where nearly all of the model failed', () => {
    const options: OptimizerOptions = { space, seed: 2, budget: 300, batch: 64 };
    const optimizer = createOptimizer('auto', options);
    for (const from of [0, 64, 128]) {
      optimizer.tell(
        elsewhere(from, 64),
        Array.from({ length: 64 }, (_, i) => (from + i === 5 ? 1 : null)),
      );
    }
    const { mean } = optimizer.state().own['of'] as { mean: string };
    for (const [i, at] of elsewhere(5, 1)[0]!.entries()) {
      expect(0.8 + 0.4 * unpackFloats(mean)![i]!).toBeCloseTo(at, 6);
    }
  });

  it.each([
    [{ stage: 'sobol' }, /stage is unknown/],
    [{ stage: 'cma-es' }, /box/],
    [{ modelPoints: 'many' }, /modelPoints/],
    [{ of: [1] }, /no state of gp/],
  ])('refuses the damaged state %j', (wrong, message) => {
    const options: OptimizerOptions = { space, seed: 2, budget: 300 };
    const state = createOptimizer('auto', options).state();
    expect(() => restoreOptimizer({ ...state, own: { ...state.own, ...wrong } }, options)).toThrow(message);
  });
});
