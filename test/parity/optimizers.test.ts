/**
 * CMA-ES against cmaes 0.13.1, OnePlusOne against Nevergrad 1.0.12, Sobol against scipy 1.17.1; and all optimizers
 * against qsched 0.1.0, whose stored states they continue.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { askTell } from '../../optimizers/ask-tell.js';
import { cmaConstants, type CmaConstants } from '../../optimizers/cma-constants.js';
import { cmaEs } from '../../optimizers/cma-es.js';
import { onePlusOne } from '../../optimizers/one-plus-one.js';
import {
  restoreOptimizer,
  createOptimizer,
  type Optimizer,
  type OptimizerOptions,
  type OptimizerState,
} from '../../optimizers/index.js';
import { fillOptions } from '../../optimizers/options.js';
import { unpackFloats } from '../../optimizers/pack-floats.js';
import { sobolDirections, sobolWord } from '../../optimizers/sobol.js';

type Numbers = readonly number[];
interface CmaGolden {
  readonly constants: readonly CmaConstants[];
  readonly traces: readonly {
    readonly n: number;
    readonly lambda: number;
    readonly mean: Numbers;
    readonly sigma: number;
    /** By point, attempt and coordinate. */
    readonly draws: readonly (readonly Numbers[])[];
    readonly generations: readonly {
      readonly points: readonly Numbers[];
      readonly losses: Numbers;
      readonly mean: Numbers;
      readonly sigma: number;
      readonly pSigma: Numbers;
      readonly pC: Numbers;
      readonly C: readonly Numbers[];
    }[];
  }[];
}
interface OnePlusOneGolden {
  readonly traces: readonly {
    readonly lower: Numbers;
    readonly upper: Numbers;
    readonly batch: number;
    readonly draws: readonly Numbers[];
    readonly rounds: readonly {
      readonly points: readonly Numbers[];
      readonly losses: Numbers;
      readonly sigma: number;
    }[];
  }[];
}
interface OlderGolden {
  readonly options: Pick<OptimizerOptions, 'space' | 'seed'>;
  /** By index; null is a failure. */
  readonly scores: readonly (number | null)[];
  readonly cases: readonly {
    readonly name: string;
    readonly batch?: number;
    /** Points asked with a budget of 19, the state then, and the points asked after the budget grew to 40. */
    readonly first: readonly Numbers[];
    readonly state: OptimizerState;
    readonly rest: readonly Numbers[];
  }[];
}
interface SobolGolden {
  readonly dimensions: number;
  readonly first: readonly Numbers[];
  readonly last: readonly Numbers[];
  readonly lastIndex: number;
}

function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/optimizers/${name}.json`, import.meta.url), 'utf8')) as T;
}

/** Every number within 1e-9 of the library's, relative to 1 or to its size. */
function expectNear(ours: ArrayLike<number>, theirs: Numbers): void {
  expect(ours.length).toBe(theirs.length);
  for (const [i, value] of theirs.entries()) {
    expect(Math.abs(ours[i]! - value)).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)));
  }
}

describe('CMA-ES against cmaes', () => {
  const { constants, traces } = golden<CmaGolden>('cma-es');

  it.each(constants)('constants of n = $n, lambda = $lambda', (theirs) => {
    const { weights, ...ours } = cmaConstants(theirs.n, theirs.lambda);
    const { weights: theirWeights, ...rest } = theirs;
    expectNear(weights, theirWeights);
    for (const [name, value] of Object.entries(rest)) {
      expect(ours[name as keyof typeof ours], name).toBeCloseTo(value, 12);
    }
  });

  it.each(traces)('trace of n = $n, lambda = $lambda from $mean', ({ n, lambda, mean, sigma, draws, generations }) => {
    const space = { lower: mean.map(() => 0), upper: mean.map(() => 1) };
    const options = fillOptions(
      { space, seed: 0, budget: 1000, batch: lambda, stepSize: sigma, start: mean, bounds: 'resample' },
      lambda,
    );
    const optimizer = askTell('cma-es', options, (filled, stored) =>
      cmaEs(filled, stored, (index, coordinate, attempt) => draws[index]![attempt]![coordinate]!),
    );
    for (const generation of generations) {
      const points = optimizer.ask();
      for (const [k, point] of generation.points.entries()) expectNear(points[k]!, point);
      optimizer.tell(
        points,
        generation.losses.map((loss) => -loss),
      );
      const { own } = optimizer.state();
      expectNear([own['sigma'] as number], [generation.sigma]);
      for (const name of ['mean', 'pSigma', 'pC'] as const) {
        expectNear(unpackFloats(own[name] as string)!, generation[name]);
      }
      expectNear(
        unpackFloats(own['upperC'] as string)!,
        generation.C.flatMap((row, i) => row.slice(i, n)),
      );
    }
  });

  it('covers a path so long that h_sigma is 0: pC then only decays', () => {
    const stalled = traces.flatMap(({ n, lambda, generations }) =>
      generations.slice(1).filter(({ pC }, g) => {
        const { cC } = cmaConstants(n, lambda);
        return pC.every((value, j) => Math.abs(value - (1 - cC) * generations[g]!.pC[j]!) < 1e-12);
      }),
    );
    expect(stalled.length).toBeGreaterThan(0);
  });

  it('covers resampling and clipping', () => {
    const attempts = traces.flatMap(({ draws }) => draws.map((tries) => tries.length));
    expect(attempts.some((count) => count > 1 && count < 101)).toBe(true);
    expect(attempts).toContain(101);
  });
});

describe('OnePlusOne against Nevergrad', () => {
  it.each(golden<OnePlusOneGolden>('one-plus-one').traces)(
    'batches of $batch in [$lower, $upper]',
    ({ lower, upper, batch, draws, rounds }) => {
      const options = fillOptions({ space: { lower, upper }, seed: 0, budget: 1000, batch }, batch);
      const optimizer = askTell('one-plus-one', options, (filled, stored) =>
        onePlusOne(filled, stored, (index, coordinate) => draws[index]![coordinate]!),
      );
      for (const round of rounds) {
        const points = optimizer.ask();
        for (const [k, point] of round.points.entries()) expectNear(points[k]!, point);
        optimizer.tell(
          points,
          round.losses.map((loss) => -loss),
        );
        expectNear([optimizer.state().own['sigma'] as number], [round.sigma]);
      }
    },
  );
});

describe('Sobol against scipy', () => {
  const { dimensions, first, last, lastIndex } = golden<SobolGolden>('sobol');
  const directions = Array.from({ length: dimensions }, (_, j) => sobolDirections(j));

  it.each([
    { part: 'first', from: 0, points: first },
    { part: 'last', from: lastIndex, points: last },
  ])('$part points, bit for bit', ({ from, points }) => {
    expect(points.map((_p, i) => directions.map((v) => sobolWord(v, from + i)))).toEqual(points);
  });
});

describe('qsched 0.1.0', () => {
  const { options, scores, cases } = golden<OlderGolden>('older');
  const run = (optimizer: Optimizer): Numbers[] => {
    const asked: Numbers[] = [];
    for (let points = optimizer.ask(); points.length > 0; points = optimizer.ask()) {
      asked.push(...points);
      optimizer.tell(points, scores.slice(optimizer.asked, optimizer.asked + points.length));
    }
    return asked;
  };

  it.each(cases)('$name in batches of $batch asked the same and stored states that continue', (older) => {
    const own = { ...options, ...(older.batch === undefined ? {} : { batch: older.batch }) };
    if (older.name !== 'grid') {
      const optimizer = createOptimizer(older.name, { ...own, budget: 19 });
      const first = run(optimizer);
      older.first.forEach((point, i) => expectNear(first[i]!, point));
      expect(Object.keys(optimizer.state().own)).toEqual(Object.keys(older.state.own));
    }
    const restored = restoreOptimizer(older.state, { ...own, budget: 40 });
    expect(restored.best).toBeNull();
    const rest = run(restored);
    expect(rest).toHaveLength(older.rest.length);
    older.rest.forEach((point, i) => expectNear(rest[i]!, point));
  });
});
