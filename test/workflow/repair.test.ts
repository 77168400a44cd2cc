/**
 * A search that maximises repair, on a real server with fake scores.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { and, eq } from 'drizzle-orm';
import { trials } from '../../db/schema.js';
import { findSearch } from '../../db/searches.js';
import type { SearchSpecInput } from '../../contract/search-spec.js';
import { createWorld, SERVED, type FakeWorld, type Judge } from './fake-world.js';

/** Eleven values of c^x from 0.8 to 1.2; the sixth is the baseline. */
const SPEC: SearchSpecInput = {
  model: SERVED!,
  scheduler: { steps: 2 },
  coefficients: { shape: 'single-scale', tune: 'sample' },
  optimizer: { type: 'grid', budget: 11, gridPoints: 11 },
  objective: { goal: 'repair' },
  prompts: { count: 2, seeds: [0] },
  select: { count: 2, finalists: 2 },
  confirm: { count: 4 },
};
/** The quantised network is best at 1.12; from 1.04 on, full precision gains twice as fast. */
const judge: Judge = ({ sample }, { network }) => ({
  cosine: 0.3,
  quality: network.precision === 'fp32' ? 0.5 + 2 * Math.max(0, sample[0]! - 1.04) : 1 - Math.abs(sample[0]! - 1.12),
});

let world: FakeWorld;
beforeAll(async () => {
  world = await createWorld();
  world.scoreBy(judge);
});
afterAll(() => world.close());

const trialsOf = (id: string, stage: 'calibration' | 'select' | 'control') =>
  world.store
    .select()
    .from(trials)
    .where(and(eq(trials.searchId, id), eq(trials.stage, stage)))
    .orderBy(trials.number)
    .all();

describe('a search for repair', () => {
  it('finds what full precision does not gain as well, and splits the gain of its finalist', async () => {
    const result = await (await world.start('repair', SPEC)).result();
    expect(result).toMatchObject({ goal: 'repair', trials: 11, failed: 0, identity: { trial: 0, score: 0 } });
    expect(result.best).toMatchObject({ trial: 7, score: expect.closeTo(2 * 0.04, 9) as number });
    expect(result.finalist.sample[0]).toBeCloseTo(1.04, 9);
    expect(result.heldOut.gain).toBeCloseTo(2 * 0.04, 9);
    expect(result.heldOut.optimism).toBeCloseTo(0, 9);
    expect(result.control!.repair![0]).toMatchObject({
      full: { value: expect.closeTo(0, 9) as number },
      repair: { value: expect.closeTo(2 * 0.04, 9) as number },
      share: { value: 1 },
    });
    // 11 candidates x 2 images, two finalists, of which one is the baseline, x 2, baseline and finalist x 4: on both networks.
    expect(result.evaluations).toBe(2 * (22 + 4 + 8));
    const stored = trialsOf('repair', 'calibration');
    expect(stored.map(({ status }) => status)).toEqual(stored.map(() => 'ok'));
    // At 1.12 the network gains most, and full precision gains more.
    expect(stored[9]).toMatchObject({ score: expect.closeTo(2 * (0.12 - 0.16), 9) as number });
    expect(stored[9]!.iq).toBeCloseTo(1, 9);
    expect(trialsOf('repair', 'select').map(({ number }) => number)).toEqual([0, 1, 2]);
  });

  it('is the same search the second time, from the store alone', async () => {
    world.requests.length = 0;
    const again = await (await world.start('repair', SPEC)).result();
    expect(again).toEqual(findSearch(world.store, 'repair')?.result);
    expect(world.requests).toEqual([]);
  });

  it('gives the same scores with an optimizer that adapts, whatever the number of workers', async () => {
    const scores: unknown[] = [];
    for (const workers of [1, 16]) {
      world.countWorkers(workers);
      const spec = { ...SPEC, precision: `w${workers}`, optimizer: { type: 'cma-es', budget: 12, batch: 4 } } as const;
      await (await world.start(`repair-${workers}`, spec)).result();
      scores.push(
        trialsOf(`repair-${workers}`, 'calibration').map(({ score, tc, iq, point }) => [score, tc, iq, point]),
      );
    }
    world.countWorkers(2);
    expect(scores[1]).toEqual(scores[0]);
  });

  it('has a control that searches the gain of full precision', async () => {
    const result = await (await world.start('beside', { ...SPEC, precision: 'w2', control: 'search' })).result();
    expect(result.control!.search!.best.coefficients.sample[0]).toBeCloseTo(1.2, 9);
    expect(findSearch(world.store, 'beside-control')!.spec.objective).not.toHaveProperty('goal');
  });

  it('is refused for full precision itself, in one sentence', async () => {
    const failure: unknown = await world
      .start('itself', { ...SPEC, precision: 'fp32' })
      .then((search) => search.result())
      .catch((error: unknown) => (error as { cause?: unknown }).cause);
    expect(failure).toMatchObject({
      type: 'usage',
      message: expect.stringContaining('fp32 is the full-precision network of fake itself: there is nothing') as string,
    });
    expect(findSearch(world.store, 'itself')).toBeUndefined();
  });

  it('takes a candidate that gains as its finalist, although another repairs as little', async () => {
    // Full precision gains twice as much everywhere: repair is at most 0, at the baseline and where both lose.
    world.scoreBy(({ sample }, { network }) => ({
      cosine: 0.3,
      quality: 0.5 + (network.precision === 'fp32' ? 2 : 1) * (sample[0]! - 1),
    }));
    const result = await (
      await world.start('gains', { ...SPEC, scheduler: { steps: 3 }, select: { count: 2, finalists: 3 } })
    ).result();
    world.scoreBy(judge);
    expect(result.best.score).toBeCloseTo(0, 9);
    expect(result.finalist.sample[0]).toBeCloseTo(1.04, 9);
    expect(result.heldOut.gain).toBeGreaterThan(0);
    expect(result.control!.repair![0]!.repair.value).toBeLessThan(0);
  });
});
