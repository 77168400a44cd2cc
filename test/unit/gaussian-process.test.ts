/** The Gaussian process as an optimizer: what it does with shares, with an earlier search and at an edge that may move. */
import { describe, expect, it } from 'vitest';
import {
  createOptimizer,
  restoreOptimizer,
  type Optimizer,
  type OptimizerOptions,
  type OptimizerState,
  type Point,
} from '../../optimizers/index.js';
import { predictFrom, predictScores } from '../../optimizers/gp/predict.js';

const box = (d: number): OptimizerOptions['space'] => ({
  lower: new Array<number>(d).fill(0.8),
  upper: new Array<number>(d).fill(1.2),
});

const bowl =
  (optimum: Point) =>
  (x: Point): number =>
    -x.reduce((sum, value, i) => sum + ((value - optimum[i]!) / 0.4) ** 2, 0);

/** Tells every batch its scores until the end; the points. */
function search(optimizer: Optimizer, score: (x: Point, index: number) => number | null): Point[] {
  const all: Point[] = [];
  for (let points = optimizer.ask(); points.length > 0; points = optimizer.ask()) {
    all.push(...points);
    optimizer.tell(
      points,
      points.map((point, i) => score(point, optimizer.asked + i)),
    );
  }
  return all;
}

describe('gp', () => {
  it.each([1, 2, 4])('finds the top of a bowl of %i dimensions in 40 points, in batches of 8', (d) => {
    const loss = [0, 1, 2].map((seed) => {
      const optimizer = createOptimizer('gp', { space: box(d), seed, budget: 40 });
      search(optimizer, bowl([0.93, 1.13, 0.87, 1].slice(0, d)));
      return -optimizer.best!.score;
    });
    expect(Math.max(...loss)).toBeLessThan(1e-3);
  });

  it('starts with the middle, and puts no point twice', () => {
    const points = search(createOptimizer('gp', { space: box(3), seed: 1, budget: 40 }), bowl([0.9, 1, 1.1]));
    for (const x of points[0]!) expect(x).toBeCloseTo(1, 12);
    expect(new Set(points.map(String)).size).toBe(40);
  });

  it('does not ask for the middle where its score is known', () => {
    const known = [{ point: [1, 1], score: 0 }];
    const options: OptimizerOptions = { space: box(2), seed: 1, budget: 16 };
    const [first] = createOptimizer('gp', { ...options, known }).ask();
    expect(first).not.toEqual([1, 1]);
    expect(first).toEqual(createOptimizer('gp', options).ask()[1]);
    const elsewhere = createOptimizer('gp', { ...options, known: [{ point: [1.3, 1], score: 0 }] }).ask();
    for (const x of elsewhere[0]!) expect(x).toBeCloseTo(1, 12);
  });

  it('counts what is known among what it was told', () => {
    const optimum = [1.17, 0.83];
    const space = box(2);
    const near = (known: OptimizerOptions['known'] & {}): number => {
      const optimizer = createOptimizer('gp', { space, seed: 4, budget: 16, known });
      search(optimizer, bowl(optimum));
      return optimizer.best!.score;
    };
    const around = [-0.02, 0.02].flatMap((a) => [-0.02, 0.02].map((b) => [optimum[0]! + a, optimum[1]! + b]));
    expect(near(around.map((point) => ({ point, score: bowl(optimum)(point) })))).toBeGreaterThan(near([]));
  });

  it('asks for the points that it is given first, and for its own after them', () => {
    const first = [
      [0.9, 1.1],
      [1.15, 0.95],
    ];
    const options: OptimizerOptions = { space: box(2), seed: 3, budget: 24, first };
    const optimizer = createOptimizer('gp', options);
    const asked = optimizer.ask();
    asked.slice(0, 2).forEach((point, i) => point.forEach((x, j) => expect(x).toBeCloseTo(first[i]![j]!, 12)));
    expect(asked[2]!.map((x) => x.toFixed(12))).toEqual(['1.000000000000', '1.000000000000']);
    optimizer.tell(
      first,
      first.map((point) => bowl([1, 1])(point)),
    );
    expect(optimizer.ask()).toEqual(asked.slice(2));
    expect(restoreOptimizer(optimizer.state(), options).ask()).toEqual(asked.slice(2));
    expect(() => createOptimizer('gp', { ...options, first: [[2, 1]] })).toThrow(/first is \[2,1\]/);
  });

  it('begins a batch where the mean is highest', () => {
    const options: OptimizerOptions = { space: box(2), seed: 5, budget: 40 };
    const optimizer = createOptimizer('gp', options);
    const asked = optimizer.ask();
    optimizer.tell(asked, asked.map(bowl([0.95, 1.08])));
    const anywhere = createOptimizer('sobol', { space: box(2), seed: 9, budget: 200 }).ask();
    const [first, ...means] = predictFrom(optimizer.state(), options, [optimizer.ask()[0]!, ...anywhere]);
    expect(first!.mean).toBeGreaterThanOrEqual(Math.max(...means.map(({ mean }) => mean)));
  });

  it('improves on even points in 32 dimensions, inside its box', () => {
    const optimum = Array.from({ length: 32 }, (_, i) => 1 + 0.1 * Math.sin(i));
    const optimizer = createOptimizer('gp', { space: box(32), seed: 1, budget: 56, batch: 8 });
    const points = search(optimizer, bowl(optimum));
    for (const x of points.flat()) expect(x >= 0.8 && x <= 1.2).toBe(true);
    const best = (from: number, to: number): number => Math.max(...points.slice(from, to).map(bowl(optimum)));
    // 24 even points before the first model.
    expect(best(24, 56)).toBeGreaterThan(best(1, 24) / 2);
  });

  it.each([
    ['constant scores', () => 0.1],
    ['failures alone', () => null],
    ['one score among failures', (_x: Point, i: number) => (i === 3 ? 1 : null)],
    ['two values', (_x: Point, i: number) => i % 2],
    ['scores of very different size', (_x: Point, i: number) => (-10) ** (i % 12)],
  ])('goes on with %s', (_what, score) => {
    expect(search(createOptimizer('gp', { space: box(4), seed: 2, budget: 40 }), score)).toHaveLength(40);
  });

  it('goes on when the same point is told again and again', () => {
    const optimizer = createOptimizer('gp', { space: box(2), seed: 2, budget: 64 });
    for (let i = 0; i < 6; i += 1) {
      const points = optimizer.ask().map(() => [1, 0.9]);
      optimizer.tell(
        points,
        points.map((_, j) => j % 3),
      );
    }
    expect(optimizer.ask()).toHaveLength(8);
  });

  it.each([1, 2, 16, 32])('asks in %i dimensions after 300 points', (d) => {
    const optimizer = createOptimizer('gp', { space: box(d), seed: 3, budget: 304, batch: 4 });
    const points = createOptimizer('random', { space: box(d), seed: 3, budget: 300 }).ask();
    const score = bowl(new Array<number>(d).fill(0.95));
    for (let from = 0; from < 300; from += 4) {
      const some = points.slice(from, from + 4);
      optimizer.tell(some, some.map(score));
    }
    const asked = optimizer.ask();
    expect(asked).toHaveLength(4);
    if (d <= 2) expect(Math.max(...asked.map(score))).toBeGreaterThan(-0.01);
  });

  it('trusts a score of few pairs less', () => {
    const options = { space: box(1), seed: 5, budget: 24 };
    const points = Array.from({ length: 8 }, (_, i) => [0.8 + 0.05 * i + 0.02]);
    const score = ([x]: Point): number => -(((x! - 0.95) / 0.4) ** 2);
    // A lucky score far from the top.
    const told = points.map((point, i) => score(point) + (i === 7 ? 1 : 0));
    const near = [1, 0.05].map((share) => {
      const optimizer = createOptimizer('gp', options);
      optimizer.tell(
        points,
        told,
        points.map((_, i) => (i === 7 ? share : 1)),
      );
      return optimizer.ask().filter(([x]) => x! > 1.1).length;
    });
    expect(near[1]).toBeLessThan(near[0]!);
  });

  it('never reads the budget of today, only that of the opening', () => {
    const options = { space: box(4), seed: 5, openedBudget: 40, batch: 4 };
    const first = search(createOptimizer('gp', { ...options, budget: 12 }), bowl([1, 1, 1, 1]));
    const whole = search(createOptimizer('gp', { ...options, budget: 24 }), bowl([1, 1, 1, 1]));
    expect(whole.slice(0, 12)).toEqual(first);
  });
});

describe('gp with an earlier search', () => {
  const optimum = [0.93, 1.13, 0.87, 1.05];
  const space = box(4);
  const earlier = (score: (x: Point) => number): OptimizerOptions['prior'] =>
    createOptimizer('sobol', { space, seed: 9, budget: 100 })
      .ask()
      .map((point) => ({ point, score: score(point) }));
  const best = (prior: OptimizerOptions['prior'], budget: number): number => {
    const losses = [0, 1, 2, 3, 4].map((seed) => {
      const optimizer = createOptimizer('gp', { space, seed, budget, ...(prior === undefined ? {} : { prior }) });
      search(optimizer, bowl(optimum));
      return -optimizer.best!.score;
    });
    return losses.toSorted((a, b) => a - b)[2]!;
  };

  it('begins where that promises most, in its own units', () => {
    const other = (x: Point): number => 7 + 3 * bowl(optimum)(x);
    expect(best(earlier(other), 8)).toBeLessThan(best(undefined, 16));
  });

  it('gives up one that is about something else', () => {
    const wrong = (x: Point): number => bowl([1.1, 0.85, 1.15, 0.9])(x);
    expect(best(earlier(wrong), 32)).toBeLessThan(0.01);
  });

  it('asks the same after being restored, and may have a prior outside the box', () => {
    const prior = [...earlier(bowl(optimum))!, { point: [0.5, 1.5, 0.5, 1.5], score: -9 }];
    const options = { space, seed: 3, budget: 24, prior };
    const optimizer = createOptimizer('gp', options);
    while (optimizer.stopReason() === null) {
      const points = optimizer.ask();
      for (const point of points) for (const x of point) expect(x >= 0.8 && x <= 1.2).toBe(true);
      expect(restoreOptimizer(structuredClone(optimizer.state()), options).ask()).toEqual(points);
      optimizer.tell(points.slice(0, 5), points.slice(0, 5).map(bowl(optimum)));
    }
  });
});

describe('gp in a box that grows', () => {
  const space = box(2);
  const limits = { lower: [0.5, 0.75], upper: [1.5, 1.25] };
  const options = { space, limits, seed: 4, budget: 64 };

  it('moves an edge outwards where the best is beyond it, never outside the limits', () => {
    const optimizer = createOptimizer('gp', options);
    const points = search(optimizer, bowl([1.41, 1]));
    expect(optimizer.best!.point[0]).toBeCloseTo(1.41, 2);
    expect(optimizer.space.upper[0]).toBeCloseTo(1.5, 12);
    expect(optimizer.space.lower[0]).toBe(0.8);
    for (const [x, y] of points) expect(x! >= 0.5 && x! <= 1.5 && y! >= 0.75 && y! <= 1.25).toBe(true);
    const beyond = createOptimizer('gp', options);
    search(beyond, bowl([1, 1.7]));
    expect(beyond.best!.point[1]).toBe(1.25);
    expect(beyond.space.upper[1]).toBe(1.25);
  });

  it('stays where the best is inside', () => {
    const optimizer = createOptimizer('gp', options);
    search(optimizer, bowl([0.93, 1.1]));
    expect(optimizer.space).toEqual(space);
  });

  it('depends on what was told alone: asked, restored and told without being asked are the same', () => {
    const score = bowl([0.6, 1.3]);
    const asked = createOptimizer('gp', options);
    const points = search(asked, score);
    const told = createOptimizer('gp', options);
    let restored = createOptimizer('gp', options);
    for (let from = 0; from < points.length; from += 5) {
      const some = points.slice(from, from + 5).slice(0, 64 - from);
      for (let i = 0; i < some.length; i += 1) told.tell([some[i]!], [score(some[i]!)]);
      for (const one of some) restored.tell([one], [score(one)]);
      restored = restoreOptimizer(JSON.parse(JSON.stringify(restored.state())) as never, options);
    }
    expect(told.state()).toEqual(asked.state());
    expect(restored.state()).toEqual(asked.state());
    expect(restored.space).toEqual(asked.space);
  });

  it('refuses a state without its box', () => {
    const { own, ...state } = createOptimizer('gp', options).state();
    for (const broken of [
      undefined,
      [],
      [[0, 0]],
      [
        [0, 0],
        [0, -1],
      ],
      [
        [0, 0],
        [0, 0.5],
      ],
      [[0], [0]],
    ]) {
      const { box: _box, ...rest } = own;
      const wrong = { ...state, own: { ...rest, ...(broken === undefined ? {} : { box: broken }) } };
      expect(() => restoreOptimizer(wrong, options)).toThrow(/damaged: box/);
    }
  });
});

describe('the surface of a search', () => {
  const options = { space: box(2), seed: 6, budget: 40 };
  const score = (x: Point): number => 2.6 + 0.4 * bowl([0.93, 1.1])(x);
  const grid = [0.8, 0.9, 1, 1.1, 1.2].flatMap((x) => [0.8, 1, 1.2].map((y) => [x, y]));

  it.each(['gp', 'auto'])('is near the true one, and within its deviation, from a state of %s', (name) => {
    const optimizer = createOptimizer(name, options);
    search(optimizer, score);
    const state = JSON.parse(JSON.stringify(optimizer.state())) as OptimizerState;
    const good = grid.filter((point) => score(point) > 2.5);
    expect(good.length).toBeGreaterThan(4);
    for (const [i, { mean, deviation }] of predictFrom(state, options, good).entries()) {
      expect(Math.abs(mean - score(good[i]!))).toBeLessThan(0.02);
      expect(deviation).toBeGreaterThan(0);
      expect(deviation).toBeLessThan(0.1);
    }
  });

  it('is the same from the points as from the state', () => {
    const optimizer = createOptimizer('gp', options);
    const told = search(optimizer, score).map((point) => ({ point, score: score(point) }));
    const [ours, theirs] = [predictFrom(optimizer.state(), options, grid), predictScores(told, options.space, grid)];
    ours.forEach(({ mean }, i) => expect(mean).toBeCloseTo(theirs[i]!.mean, 4));
  });

  it('is less sure of a point scored on fewer pairs', () => {
    const noisy = createOptimizer('random', { ...options, budget: 20 })
      .ask()
      .map((point, i) => ({ point, score: score(point) + 0.02 * Math.sin(17 * i) }));
    const mixed = noisy.map((one, i) => ({ ...one, share: i === 0 ? 0.01 : 1 }));
    const [first] = predictScores(mixed, options.space, [noisy[0]!.point]);
    const [whole] = predictScores(noisy, options.space, [noisy[0]!.point]);
    expect(first!.deviation).toBeGreaterThan(whole!.deviation);
  });

  it('needs a scored point, and a model', () => {
    const { point } = { point: [1, 1] };
    expect(() => predictScores([{ point, score: null }], options.space, grid)).toThrow(/no scored point/);
    const other = createOptimizer('cma-es', options).state();
    expect(() => predictFrom(other, options, grid)).toThrow(/cma-es contains no Gaussian process/);
    const auto = createOptimizer('auto', options).state();
    expect(() => predictFrom({ ...auto, own: { ...auto.own, of: 1 } }, options, grid)).toThrow(/damaged/);
  });
});
