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
    { dimension: 4, budget: 257, batch: 8, modelPoints: 128, population: 8 },
    { dimension: 4, budget: 2500, batch: 20, modelPoints: 140, population: 20 },
    { dimension: 16, budget: 1000, batch: 8, modelPoints: 128, population: 16 },
    { dimension: 4, budget: 1000, batch: 1, modelPoints: 128, population: 8 },
    { dimension: 4, budget: 300, batch: 300, modelPoints: null, population: 300 },
    { dimension: 21, budget: 100, batch: 8, modelPoints: 0, population: 16 },
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
    expect(large.state().own).toMatchObject({ modelPoints: 128, population: 8 });
  });

  it('hands over to CMA-ES at the points of the model, which starts at the best of them', () => {
    const options: OptimizerOptions = { space, seed: 1, budget: 400 };
    const optimizer = createOptimizer('auto', options);
    const told = run(optimizer, 128);
    expect(told).toEqual(run(createOptimizer('gp', options), 128));
    const { own } = optimizer.state();
    expect(own).toMatchObject({ stage: 'cma-es', ...space });
    const { mean } = own['of'] as { mean: string };
    for (const [i, at] of [0.93, 1.05].entries()) {
      expect(Math.abs(0.8 + 0.4 * unpackFloats(mean)![i]! - at)).toBeLessThan(0.02);
    }
    run(optimizer);
    expect(optimizer.asked).toBe(400);
    expect(-optimizer.best!.score).toBeLessThan(1e-6);
  });

  it('is CMA-ES from the beginning in many dimensions', () => {
    const many = { lower: new Array<number>(24).fill(0.8), upper: new Array<number>(24).fill(1.2) };
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
      const points = straight.ask();
      expect(resumed.ask()).toEqual(points);
      for (const one of [straight, resumed]) one.tell(points, points.map(score));
      resumed = restoreOptimizer(JSON.parse(JSON.stringify(resumed.state())) as never, options);
      expect(resumed.state()).toEqual(straight.state());
    }
  });

  it('begins CMA-ES at the best point where nearly all of the model failed', () => {
    const options: OptimizerOptions = { space, seed: 2, budget: 300, batch: 64 };
    const optimizer = createOptimizer('auto', options);
    const first = optimizer.ask();
    optimizer.tell(
      first,
      first.map((_point, i) => (i === 5 ? 1 : null)),
    );
    const second = optimizer.ask();
    optimizer.tell(
      second,
      second.map(() => null),
    );
    const { mean } = optimizer.state().own['of'] as { mean: string };
    for (const [i, at] of first[5]!.entries()) expect(0.8 + 0.4 * unpackFloats(mean)![i]!).toBeCloseTo(at, 6);
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
