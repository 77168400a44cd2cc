/** Searches that settle k themselves, and searches with constraints: real workflows and a real store, fake scores. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bestCoefficients, candidates, searches, trials } from '../../db/schema.js';
import { findSearch } from '../../db/searches.js';
import type { Opening } from '../../contract/opening.js';
import type { SearchSpecInput } from '../../contract/search-spec.js';
import { createWorld, SERVED, type FakeWorld, type Judge } from './fake-world.js';

const SPEC: SearchSpecInput = {
  model: SERVED!,
  scheduler: { steps: 2 },
  coefficients: { shape: 'linear' },
  optimizer: { type: 'cma-es', budget: 32 },
  prompts: { count: 2, seeds: [0] },
  select: { count: 2, finalists: 2 },
  confirm: { count: 20 },
  racing: 'off',
  prior: 'none',
};
/** Text varies 4 times as much as quality along c^x; quality is best at c^x = 1.12, text at 1. */
const surface: Judge = ({ sample, noise }) => ({
  cosine: 0.3 - 0.8 * (sample[0]! - 1) ** 2 + 0.4 * (noise[0]! - 1),
  quality: 0.9 - (sample[0]! - 1.12) ** 2,
});

let world: FakeWorld;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world.close();
});
beforeEach(() => {
  world.requests.length = 0;
  world.scoreBy(surface);
});

const rowsOf = (id: string, own = world) =>
  own.store
    .select()
    .from(trials)
    .innerJoin(candidates, eq(candidates.id, trials.candidateId))
    .where(eq(trials.searchId, id))
    .orderBy(trials.stage, trials.number)
    .all()
    .map(({ trials: { stage, number, point, status, score, tc, iq }, candidates: { sample, noise } }) => ({
      stage,
      number,
      point,
      status,
      score,
      tc,
      iq,
      sample,
      noise,
    }));
const calibrated = (id: string) => rowsOf(id).filter(({ stage }) => stage === 'calibration');
const openingOf = (id: string): Opening =>
  JSON.parse(
    world.store.select({ opening: searches.opening }).from(searches).where(eq(searches.id, id)).get()!.opening!,
  ) as Opening;
const deviation = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};

describe('objective.k: auto', () => {
  it('is the ratio of the spreads over the first 16 candidates, and scores every trial', async () => {
    const result = await (await world.start('auto', { ...SPEC, objective: { k: 'auto' } })).result();
    const first = calibrated('auto').slice(1, 17);
    const k = Number((deviation(first.map(({ tc }) => tc!)) / deviation(first.map(({ iq }) => iq!))).toPrecision(4));
    expect(result.k).toEqual({ value: k, candidates: 16, varied: true });
    expect(k).not.toBe(2);
    expect(openingOf('auto').k).toEqual(result.k);
    expect(findSearch(world.store, 'auto')).toMatchObject({ spec: { objective: { k: 'auto' } } });
    for (const { score, tc, iq, stage } of rowsOf('auto')) {
      if (stage !== 'control') expect(score).toBe(tc! + k * iq!);
    }
    expect(result.identity.score).toBe(calibrated('auto')[0]!.score);
    const best = calibrated('auto').reduce((one, other) => (other.score! > one.score! ? other : one));
    expect([result.best.trial, result.best.score]).toEqual([best.number, best.score]);
    expect(result.notes).toContain(
      `k = ${k} was settled on the first 16 candidates: with it, text and quality vary equally over them.`,
    );
    expect(
      world.store
        .select({ k: bestCoefficients.k })
        .from(bestCoefficients)
        .where(eq(bestCoefficients.searchId, 'auto'))
        .get(),
    ).toEqual({ k });
  });

  it('is the same search the second time, from the store alone', async () => {
    const before = rowsOf('auto');
    const again = await (await world.start('auto', { ...SPEC, objective: { k: 'auto' } })).result();
    expect(world.requests).toEqual([]);
    expect(again).toEqual(findSearch(world.store, 'auto')?.result);
    expect(again.k).toBeDefined();
    expect(rowsOf('auto')).toEqual(before);
  });

  it.each(['cma-es', 'one-plus-one', 'gp', 'sobol'] as const)(
    'with %s asks evenly spread points first',
    async (type) => {
      const id = `auto-${type}`;
      const spec: SearchSpecInput = {
        ...SPEC,
        precision: id,
        objective: { k: 'auto' },
        optimizer: { type, budget: 24, seed: 3 },
      };
      const result = await (await world.start(id, spec)).result();
      expect(result).toMatchObject({ trials: 24, k: { candidates: type === 'sobol' ? 24 : 16, varied: true } });
      await (
        await world.start('evenly', { ...SPEC, precision: 'evenly', optimizer: { type: 'sobol', budget: 24, seed: 3 } })
      ).result();
      const points = (of: string) =>
        calibrated(of)
          .slice(1, 17)
          .map(({ point }) => point);
      expect(points(id)).toEqual(points('evenly'));
    },
  );

  it('is used by the full-precision search beside it', async () => {
    const spec: SearchSpecInput = { ...SPEC, precision: 'beside', objective: { k: 'auto' }, control: 'search' };
    const result = await (await world.start('beside', spec)).result();
    expect(findSearch(world.store, 'beside-control')?.spec.objective.k).toBe(result.k!.value);
    expect(result.control?.search).toBeTruthy();
  });

  it('falls back to 2 where a term does not vary', async () => {
    world.scoreBy(({ sample }) => ({ cosine: 0.3, quality: 0.9 - (sample[0]! - 1.12) ** 2 }));
    const result = await (await world.start('flat', { ...SPEC, precision: 'flat', objective: { k: 'auto' } })).result();
    expect(result.k).toEqual({ value: 2, candidates: 16, varied: false });
    expect(result.notes).toContain(
      'k could not be settled: one term does not vary over the first 16 candidates. The default is used, k = 2.',
    );
  });
});

describe('objective.atLeast', () => {
  /** Quality is bought with text: the best score is at c^x = 1.2, where text has lost 0.05. */
  const bought: Judge = ({ sample }) => ({
    cosine: 0.3 - 0.1 * (sample[0]! - 1),
    quality: 0.5 + 0.5 * (sample[0]! - 1),
  });
  const GRID: SearchSpecInput = {
    ...SPEC,
    coefficients: { shape: 'single-scale', tune: 'sample' },
    optimizer: { type: 'grid', budget: 11, gridPoints: 11 },
    select: { count: 2, finalists: 5 },
  };

  it('keeps a candidate that buys quality with text from being the best or a finalist', async () => {
    world.scoreBy(bought);
    const free = await (await world.start('free', { ...GRID, precision: 'bought' })).result();
    expect(free.finalist.sample[0]).toBeCloseTo(1.2, 12);
    expect(free.heldOut.constraints).toBeUndefined();
    // Text falls by .25 (c^x - 1): at most by .02 up to 1.08.
    const spec: SearchSpecInput = { ...GRID, precision: 'bought', objective: { atLeast: { text: -0.0201 } } };
    const result = await (await world.start('bound', spec)).result();
    expect(result.best.coefficients.sample[0]).toBeCloseTo(1.08, 12);
    expect(result.finalist.sample[0]).toBeCloseTo(1.08, 12);
    expect(result.heldOut).toMatchObject({
      recommend: 'calibrated',
      constraints: [{ name: 'text', atLeast: -0.0201, gain: expect.closeTo(-0.02, 9) as number, kept: true }],
    });
    // The store has the plain objective, and the baseline on the selection prompts.
    const stored = rowsOf('bound');
    expect(stored.filter(({ stage }) => stage === 'calibration').map(({ score }) => score)).toEqual(
      rowsOf('free')
        .filter(({ stage }) => stage === 'calibration')
        .map(({ score }) => score),
    );
    expect(stored.filter(({ stage }) => stage === 'select').map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5]);
    const shown = world.store.select().from(bestCoefficients).where(eq(bestCoefficients.searchId, 'bound')).get()!;
    expect(JSON.parse(shown.searchedSample!)).toEqual(result.best.coefficients.sample);
  });

  it('recommends the baseline, with the reason, if no candidate keeps it', async () => {
    world.scoreBy(({ sample }) => ({ cosine: 0.3 - Math.abs(sample[0]! - 1), quality: 0.5 + 0.5 * (sample[0]! - 1) }));
    const spec: SearchSpecInput = {
      ...GRID,
      precision: 'nobody',
      objective: { atLeast: { text: 0.01, quality: 0 } },
    };
    const result = await (await world.start('nobody', spec)).result();
    expect(result.heldOut).toMatchObject({
      gain: 0,
      recommend: 'identity',
      reason:
        'None of the 11 candidates has a gain of at least 0.01 in text and of at least 0 in quality over the baseline on the calibration prompts.',
    });
    expect(result.best).toMatchObject({ trial: 0, coefficients: { sample: [1, 1], noise: [1, 1] } });
    expect(result.finalist).toEqual({ sample: [1, 1], noise: [1, 1] });
  });

  it('leads an optimizer to candidates that keep it', async () => {
    world.scoreBy(({ sample, noise }) => ({
      cosine: 0.3 - 0.1 * (sample[0]! - 1) - 0.1 * (noise[0]! - 1),
      quality: 0.5 + 0.5 * (sample[0]! - 1) + 0.2 * (noise[0]! - 1),
    }));
    const spec: SearchSpecInput = {
      ...SPEC,
      precision: 'led',
      objective: { atLeast: { text: -0.0125 } },
      optimizer: { type: 'cma-es', budget: 96 },
    };
    const result = await (await world.start('led', spec)).result();
    const baseline = calibrated('led')[0]!;
    expect(result.best.terms.tc! - baseline.tc!).toBeGreaterThanOrEqual(-0.0125);
    // The best score on the line where text has lost .0125 is .05 x (.5 x 2 + .2 x 2 x ...) above the baseline at c^x = 1.05.
    expect(result.best.score - baseline.score!).toBeGreaterThan(0.8 * (2 * 0.5 * 0.05 - 0.0125));
    const again = await (await world.start('led', spec)).result();
    expect(again).toEqual(findSearch(world.store, 'led')?.result);
  });

  it('is settled with an automatic k, and the same in parts', async () => {
    const spec: SearchSpecInput = { ...SPEC, precision: 'both', objective: { k: 'auto', atLeast: { text: -0.001 } } };
    const whole = await (await world.start('both', spec)).result();
    const small = await createWorld(['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60']);
    try {
      small.scoreBy(surface);
      const search = await small.start('both', spec);
      expect(await search.result()).toEqual(whole);
      expect(rowsOf('both', small)).toEqual(rowsOf('both'));
      const first = await small.env.client.workflow.getHandle('both', search.firstExecutionRunId).fetchHistory();
      expect(first.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes).toBeTruthy();
    } finally {
      await small.close();
    }
  });
});

it.each([
  [{ k: 'auto', type: 'iq' }, 'objective.k is auto, but the objective "iq" has no k.'],
  [
    { atLeast: { pickscore: 0 } },
    'objective.atLeast names "pickscore", which a search with this objective does not store',
  ],
  [{ atLeast: { score: 0 } }, 'objective.atLeast names "score", which the search maximises.'],
] as const)('%o is refused', async (objective, sentence) => {
  const spec = { ...SPEC, precision: 'refused', objective } as SearchSpecInput;
  const error: unknown = await world
    .start('refused', spec)
    .then((search) => search.result())
    .catch((reason: unknown) => reason);
  expect((error as { cause: Error }).cause.message).toContain(sentence);
  expect(findSearch(world.store, 'refused')).toBeUndefined();
});
