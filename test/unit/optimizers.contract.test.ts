/** What holds for every optimizer, whatever its algorithm. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createOptimizer,
  defaultBatch,
  OPTIMIZER_NAMES,
  proposeBatch,
  restoreOptimizer,
  type Optimizer,
  type OptimizerOptions,
  type OptimizerState,
  type Point,
} from '../../optimizers/index.js';
import { QschedError } from '../../contract/errors.js';

type Score = number | null;

/** Boxes of 1 to 5 dimensions at any place and scale, a seed, a small budget, a batch or none. */
const problems = fc
  .record({
    bounds: fc.array(
      fc.tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-6, max: 1e6, noNaN: true })),
      { minLength: 1, maxLength: 5 },
    ),
    seed: fc.maxSafeNat(),
    budget: fc.integer({ min: 1, max: 60 }),
    batch: fc.option(fc.integer({ min: 2, max: 12 }), { nil: undefined }),
    gridPoints: fc.integer({ min: 2, max: 5 }),
  })
  .map(({ bounds, batch, ...rest }): OptimizerOptions => ({
    space: { lower: bounds.map(([low]) => low), upper: bounds.map(([low, width]) => low + width) },
    ...rest,
    ...(batch === undefined ? {} : { batch }),
  }));

/** A score may be anything that a broken model can return, ties included. */
const scores: fc.Arbitrary<Score> = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: -10, max: 10, noNaN: true }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1) },
  { weight: 2, arbitrary: fc.constantFrom(null, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
);
const tape = fc.array(scores, { minLength: 60, maxLength: 60 });

function throughJson(state: OptimizerState): OptimizerState {
  return JSON.parse(JSON.stringify(state)) as OptimizerState;
}

/** Runs to the end, telling the tape; `visit` sees every batch before it is told. */
function run(
  optimizer: Optimizer,
  told: readonly Score[],
  visit: (points: number[][]) => void = () => undefined,
): number[][][] {
  const batches: number[][][] = [];
  for (let points = optimizer.ask(); points.length > 0; points = optimizer.ask()) {
    const batch = points.map((point) => [...point]);
    visit(batch);
    batches.push(batch);
    optimizer.tell(points, told.slice(optimizer.asked, optimizer.asked + points.length));
  }
  return batches;
}

describe.each(OPTIMIZER_NAMES)('%s', (name) => {
  const options: OptimizerOptions = { space: { lower: [0.8, 0.8, 0.5], upper: [1.2, 1.2, 2] }, seed: 3, budget: 40 };

  it('stays in the box, within the budget and the batch, and ends with a reason', () => {
    fc.assert(
      fc.property(problems, tape, (problem, told) => {
        const optimizer = createOptimizer(name, problem);
        const { lower, upper } = problem.space;
        const most = problem.batch ?? defaultBatch(name, lower.length, problem.budget, problem);
        const batches = run(optimizer, told, (points) => {
          expect(optimizer.stopReason()).toBeNull();
          expect(points.length).toBeLessThanOrEqual(most);
          for (const point of points) {
            expect(point.length === lower.length && point.every((x, i) => x >= lower[i]! && x <= upper[i]!)).toBe(true);
          }
        });
        expect(batches.flat()).toHaveLength(optimizer.asked);
        expect(optimizer.asked).toBeLessThanOrEqual(problem.budget);
        expect(optimizer.stopReason()).toMatch(
          optimizer.asked === problem.budget ? /budget|exhausted|tolerance/ : /exhausted|tolerance/,
        );
      }),
      { numRuns: 40 },
    );
  });

  it('asks the same after saving and restoring at every step, through JSON', () => {
    fc.assert(
      fc.property(problems, tape, (problem, told) => {
        const straight = run(createOptimizer(name, problem), told);
        let optimizer = createOptimizer(name, problem);
        for (const batch of straight) {
          const state = throughJson(optimizer.state());
          optimizer = restoreOptimizer(state, problem);
          expect(optimizer.state()).toEqual(state);
          expect(optimizer.ask()).toEqual(batch);
          const untouched = restoreOptimizer(state, problem);
          for (const one of [optimizer, untouched]) one.tell(batch, told.slice(one.asked, one.asked + batch.length));
          expect(untouched.state()).toEqual(optimizer.state());
        }
        expect(restoreOptimizer(throughJson(optimizer.state()), problem).ask()).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('asks the same batch twice, and gives away none of its own', () => {
    const optimizer = createOptimizer(name, options);
    const first = optimizer.ask() as number[][];
    const copy = structuredClone(first);
    first[0]![0] = 99;
    expect(optimizer.ask()).toEqual(copy);
    expect(optimizer.asked).toBe(0);
  });

  it('is the same for the same seed, and takes a failed score for the worst', () => {
    const told = Array.from({ length: 40 }, (_, i) => Math.sin(i));
    const withNull = told.map((score, i) => (i % 5 === 2 ? null : score));
    const withWorst = told.map((score, i) => (i % 5 === 2 ? -1e9 : score));
    expect(run(createOptimizer(name, options), told)).toEqual(run(createOptimizer(name, options), told));
    expect(run(createOptimizer(name, options), withNull)).toEqual(run(createOptimizer(name, options), withWorst));
    const unscored = run(createOptimizer(name, options), new Array<null>(40).fill(null));
    expect(unscored.flat()).toHaveLength(40);
  });

  it('continues when the budget grows, as if it had always been larger', () => {
    const told = Array.from({ length: 40 }, (_, i) => Math.cos(i));
    const small = createOptimizer(name, { ...options, budget: 19 });
    const first = run(small, told).flat();
    const rest = run(restoreOptimizer(throughJson(small.state()), options), told).flat();
    expect([...first, ...rest]).toEqual(run(createOptimizer(name, options), told).flat());
  });

  it('refuses the wrong number of scores and scores after the end', () => {
    const optimizer = createOptimizer(name, { ...options, budget: 4, batch: 4 });
    const points = optimizer.ask();
    expect(() => optimizer.tell(points, [1, 2, 3])).toThrow(QschedError);
    expect(() => optimizer.tell(points, [1, 2, 3, 4, 5])).toThrow(/told 4 points but 5 scores/);
    expect(() => optimizer.tell([...points, ...points], [1, 2, 3, 4, 5, 6, 7, 8])).toThrow(/takes at most 4 now/);
    expect(() => optimizer.tell([], [])).toThrow(/was told no points/);
    expect(() => optimizer.tell([[1, 1]], [1])).toThrow(/was told the point \[1, 1\]/);
    expect(() => optimizer.tell([[1, Number.NaN, 1]], [1])).toThrow(/was told the point \[1, NaN, 1\]/);
    expect(optimizer.asked).toBe(0);
    optimizer.tell(points, [1, 2, 3, 4]);
    expect(optimizer.ask()).toEqual([]);
    expect(() => optimizer.tell([], [])).toThrow(/finished \(budget\)/);
  });

  it('takes points from their owner: told without being asked for, it continues as if they had been', () => {
    const told = Array.from({ length: 40 }, (_, i) => Math.sin(i));
    const batches = run(createOptimizer(name, options), told);
    const other = createOptimizer(name, options);
    for (const batch of batches) other.tell(batch, told.slice(other.asked, other.asked + batch.length));
    expect(other.ask()).toEqual([]);
    const again = createOptimizer(name, options);
    run(again, told);
    expect(other.state()).toEqual(again.state());
  });

  it('takes any points of the space, also in the middle of a batch, and restores to the same', () => {
    const told = Array.from({ length: 40 }, (_, i) => Math.cos(3 * i));
    const other = (point: Point, i: number): Point => (i % 3 === 1 ? point.map((x) => 2 - x) : point);
    const space = { lower: [0.8, 0.8, 0.8], upper: [1.2, 1.2, 1.2] };
    const straight = createOptimizer(name, { ...options, space, batch: 5 });
    let resumed = createOptimizer(name, { ...options, space, batch: 5 });
    while (straight.stopReason() === null) {
      const points = straight.ask().map(other);
      const count = 1 + (straight.asked % points.length);
      const scores = told.slice(straight.asked, straight.asked + count);
      expect(resumed.ask().map(other)).toEqual(points);
      for (const one of [straight, resumed]) one.tell(points.slice(0, count), scores);
      const state = throughJson(straight.state());
      expect(resumed.state()).toEqual(state);
      resumed = restoreOptimizer(state, { ...options, space, batch: 5 });
    }
    expect(resumed.ask()).toEqual([]);
  });

  it('shows the best point, the first of equal ones', () => {
    const optimizer = createOptimizer(name, { ...options, batch: 4 });
    const points = optimizer.ask();
    expect(optimizer.best).toBeNull();
    optimizer.tell(
      points,
      points.map(() => null),
    );
    expect(optimizer.best).toBeNull();
    const next = optimizer.ask();
    optimizer.tell(next, [Number.NaN, 0.5, 0.5, Number.POSITIVE_INFINITY].slice(0, next.length));
    const more = run(optimizer, new Array<number>(40).fill(0.25)).flat();
    expect(more).toHaveLength(40 - points.length - next.length);
    const expected = next.length > 1 ? { point: next[1], score: 0.5 } : { point: more[0], score: 0.25 };
    expect(optimizer.best).toEqual(expected);
    expect(restoreOptimizer(throughJson(optimizer.state()), { ...options, batch: 4 }).best).toEqual(expected);
  });

  it('takes shares of pairs: below 1 a point is never the best, and bad ones are refused', () => {
    const own = { ...options, batch: 4, budget: 12 };
    const [plain, whole, raced] = [1, 2, 3].map(() => createOptimizer(name, own));
    const points = plain!.ask();
    const told = [1, 3, 2, 4].slice(0, points.length);
    plain!.tell(points, told);
    whole!.tell(
      points,
      told,
      points.map(() => 1),
    );
    expect(whole!.state()).toEqual(plain!.state());
    raced!.tell(
      points,
      told,
      points.map(() => 0.2),
    );
    expect(raced!.best).toBeNull();
    const state = throughJson(raced!.state());
    const restored = restoreOptimizer(state, own);
    expect(restored.state()).toEqual(state);
    expect(restored.ask()).toEqual(raced!.ask());
    for (const share of [0, -1, 1.5, Number.NaN]) {
      expect(() => restored.tell([points[0]!], [1], [share])).toThrow(/was told the share/);
    }
    expect(() => restored.tell([points[0]!], [1], [1, 1])).toThrow(/told 1 points but 2 shares/);
    expect(restored.state()).toEqual(state);
  });

  it('takes a prior, limits and an opening budget; only the first two belong to the search', () => {
    const point = [1, 1, 1];
    const prior = [{ point, score: 1 }];
    const limits = { lower: [0.5, 0.5, 0.1], upper: [1.5, 1.5, 3] };
    const plain = createOptimizer(name, options);
    expect(plain.space).toEqual(options.space);
    expect(createOptimizer(name, { ...options, prior: [] }).state()).toEqual(plain.state());
    for (const own of [
      { ...options, prior },
      { ...options, limits },
    ]) {
      const state = createOptimizer(name, own).state();
      expect(() => restoreOptimizer(state, options)).toThrow(/another search/);
      expect(() => restoreOptimizer(plain.state(), own)).toThrow(/another search/);
      expect(restoreOptimizer(state, own).state()).toEqual(state);
    }
    restoreOptimizer(createOptimizer(name, { ...options, openedBudget: 7 }).state(), options);
    for (const [wrong, message] of [
      [{ prior: [{ point: [1, 1], score: 1 }] }, /prior is .* points of 3 finite numbers/],
      [{ prior: [{ point, score: Number.NaN }] }, /prior/],
      [{ prior: Array.from({ length: 257 }, () => prior[0]!) }, /prior is "257 points"/],
      [{ limits: { lower: [0.9, 0.5, 0.1], upper: limits.upper } }, /limits is .* around the search space/],
      [{ limits: { lower: [0.5, 0.5], upper: [1.5, 1.5] } }, /limits/],
      [{ openedBudget: 0 }, /openedBudget is 0/],
    ] as const) {
      expect(() => createOptimizer(name, { ...options, ...wrong })).toThrow(message);
    }
  });

  it('proposes elsewhere what it would ask itself', () => {
    const own = { ...options, batch: 4 };
    const optimizer = createOptimizer(name, own);
    expect(proposeBatch(name, own, null)).toEqual(optimizer.ask());
    optimizer.tell(optimizer.ask(), [1, 3, 2, 4].slice(0, optimizer.ask().length));
    expect(proposeBatch(name, own, throughJson(optimizer.state()))).toEqual(optimizer.ask());
    expect(() => proposeBatch('random', own, { ...optimizer.state(), name: 'sobol' })).toThrow(/one of sobol/);
  });

  it('refuses the state of another search, of a newer version, or a damaged one', () => {
    const own = { ...options, start: [1, 1, 1] };
    const state = createOptimizer(name, own).state();
    const others: readonly Partial<OptimizerOptions>[] = [
      { seed: 4 },
      { start: [1, 1, 0.9] },
      { gridPoints: 5 },
      { stepSize: 0.1 },
      { space: { lower: [0.8, 0.8, 0.5], upper: [1.2, 1.2, 3] } },
      { space: { lower: [0.8, 0.8, 0.4], upper: [1.2, 1.2, 2] } },
    ];
    for (const other of others) {
      expect(() => restoreOptimizer(state, { ...own, ...other }), JSON.stringify(other)).toThrow(/another search/);
    }
    expect(() => restoreOptimizer({ ...state, version: 2 } as unknown as OptimizerState, own)).toThrow(/version 2/);
    expect(() => restoreOptimizer({ ...state, asked: -1 }, own)).toThrow(/damaged/);
    for (const best of [1, {}, { point: [1, 1], score: 1 }, { point: [1, 1, 1], score: null }]) {
      expect(() => restoreOptimizer({ ...state, best } as unknown as OptimizerState, own)).toThrow(/damaged: best/);
    }
    for (const key of Object.keys(state.own)) {
      expect(() => restoreOptimizer({ ...state, own: { ...state.own, [key]: true } }, own), key).toThrow(
        /damaged|population/,
      );
    }
  });

  it('keeps its state below 64 KiB at its largest', () => {
    const n = { sobol: 32, gp: 24 }[name as string] ?? 100;
    // The state of a Gaussian process is at its largest just before its fourth batch is whole.
    const [budget, batch] = name === 'gp' ? [255, 64] : [511, 256];
    const repeat = (x: number): number[] => Array.from({ length: n }, (_, i) => x + i / 7);
    const large = {
      space: { lower: repeat(0.8), upper: repeat(1.2) },
      seed: Number.MAX_SAFE_INTEGER,
      budget,
      batch,
    };
    const optimizer = createOptimizer(name, large);
    const told = Array.from({ length: budget }, (_, i) => Math.sin(i));
    if (name === 'gp') {
      // Told without being asked, which would take long in so many dimensions.
      const points = createOptimizer('random', large).ask();
      while (optimizer.asked < budget) {
        const here = optimizer.asked;
        const further = points.concat(points).slice(0, Math.min(batch, budget - here));
        optimizer.tell(
          further,
          told.slice(here, here + further.length),
          further.map((_, i) => 1 / (1 + i)),
        );
      }
    } else run(optimizer, told);
    expect(optimizer.asked).toBe(budget);
    expect(JSON.stringify(optimizer.state()).length).toBeLessThan(64 * 1024);
  });
});
