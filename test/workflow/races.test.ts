/** Races within a search on a real server: the same candidates from a full and from an empty database, with fewer images. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { trials } from '../../db/schema.js';
import type { SearchSpecInput } from '../../contract/search-spec.js';
import { createWorld, SERVED, type FakeWorld, type Judge } from './fake-world.js';

const SPEC: SearchSpecInput = {
  model: SERVED!,
  scheduler: { steps: 2 },
  coefficients: { shape: 'single-scale', range: [0.8, 1.2] },
  optimizer: { type: 'gp', budget: 16 },
  racing: { block: 2, alpha: 0.5 },
  prompts: { count: 8, seeds: [0] },
  select: { count: 2, finalists: 2 },
  confirm: { count: 4 },
};
const judge: Judge = ({ sample, noise }) => ({
  cosine: 0.3,
  quality: 1 - (sample[0]! - 1.1) ** 2 - (noise[0]! - 0.95) ** 2,
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
  world.store.$client.exec('delete from evaluations');
  world.scoreBy(judge);
});

const images = (): number =>
  world.requests.reduce(
    (sum, { candidates, pairs }) => sum + candidates.reduce((n, own) => n + (own.pairs ?? pairs).length, 0),
    0,
  );
const rows = (id: string) =>
  world.store
    .select({
      number: trials.number,
      stage: trials.stage,
      candidate: trials.candidateId,
      point: trials.point,
      status: trials.status,
      score: trials.score,
      pairs: trials.pairs,
    })
    .from(trials)
    .where(eq(trials.searchId, id))
    .orderBy(trials.stage, trials.number)
    .all();

describe('a search with races', () => {
  it('scores all candidates on the first pairs, and the one that it confirms on all', async () => {
    const result = await (await world.start('raced', SPEC)).result();
    const calibrated = rows('raced').filter(({ stage, number }) => stage === 'calibration' && number > 0);
    const raced = calibrated.filter(({ status }) => status === 'raced');
    expect(result).toMatchObject({ trials: 16, failed: 0, raced: raced.length });
    expect(raced.length).toBeGreaterThan(4);
    for (const { pairs, score } of raced) {
      expect(pairs).toBeLessThan(8);
      expect(score).toEqual(expect.any(Number));
    }
    const whole = calibrated.filter(({ status }) => status === 'ok');
    expect(whole.map(({ number }) => number)).toEqual([result.best.trial]);
    expect(result.finalist).toEqual(result.best.coefficients);
    const selected = rows('raced').filter(({ stage }) => stage === 'select');
    expect(selected).toHaveLength(2);
    const confirmed = rows('raced').find(({ stage, number }) => stage === 'confirm' && number === 1)!.candidate;
    expect(selected.map(({ candidate }) => candidate)).toContain(confirmed);
    expect(whole[0]!.candidate).toBe(confirmed);
  });

  it('gives the leaders more pairs, the more candidates there are', async () => {
    const spec = { ...SPEC, optimizer: { type: 'gp', budget: 40 } } as const;
    await (await world.start('many', spec)).result();
    const further = (from: number, to: number): number =>
      rows('many').filter(
        ({ stage, number, pairs }) => stage === 'calibration' && number > from && number <= to && pairs !== 2,
      ).length;
    // The finalist is completed, wherever it comes from.
    expect(further(0, 32)).toBeLessThanOrEqual(1);
    expect(further(32, 40)).toBeGreaterThan(0);
  });

  it('completes the next finalist where an image of the first one fails', async () => {
    let broken: string | null = null;
    world.scoreBy((coefficients, request) => {
      const own = rows('completes');
      const selected = own.filter(({ stage }) => stage === 'select');
      const completing =
        selected.length === 2 &&
        selected.every(({ status }) => status !== 'asked') &&
        own.every(({ stage }) => stage !== 'confirm');
      if (completing) broken ??= JSON.stringify(coefficients);
      return broken === JSON.stringify(coefficients) ? 'NaN in the network' : judge(coefficients, request);
    });
    const result = await (await world.start('completes', SPEC)).result();
    expect(broken).not.toBeNull();
    expect(JSON.stringify(result.finalist)).not.toBe(broken);
    const calibrated = rows('completes').filter(({ stage, number }) => stage === 'calibration' && number > 0);
    expect(calibrated.filter(({ status }) => status === 'failed')).toHaveLength(1);
    expect(calibrated.filter(({ status }) => status === 'ok').map(({ number }) => number)).toEqual([result.best.trial]);
  });

  it('asks for the same candidates where every image is stored already, and scores none', async () => {
    await (await world.start('first', SPEC)).result();
    const before = images();
    world.requests.length = 0;
    await (await world.start('whole', { ...SPEC, racing: 'off' })).result();
    world.requests.length = 0;
    await (await world.start('second', SPEC)).result();
    expect(images()).toBe(0);
    expect(rows('second')).toEqual(rows('first'));
    expect(before).toBeGreaterThan(0);
  });

  it('is the same with one worker as with sixteen', async () => {
    world.countWorkers(1);
    await (await world.start('one', { ...SPEC, optimizer: { type: 'gp', budget: 16, seed: 3 } })).result();
    world.store.$client.exec('delete from evaluations');
    world.countWorkers(16);
    await (await world.start('sixteen', { ...SPEC, optimizer: { type: 'gp', budget: 16, seed: 3 } })).result();
    world.countWorkers(2);
    expect(rows('sixteen')).toEqual(rows('one'));
  });

  it('races an optimizer that ranks, and one that asks for everything at once', async () => {
    for (const type of ['cma-es', 'sobol', 'one-plus-one'] as const) {
      const result = await (
        await world.start(`with-${type}`, {
          ...SPEC,
          optimizer: { type, budget: 24 },
          racing: { block: 2, alpha: 0.1 },
        })
      ).result();
      expect(result.raced).toBeGreaterThan(0);
      expect(result.trials).toBe(24);
    }
  });

  it('fails no candidate for being slow, and counts one whose images fail', async () => {
    world.scoreBy((coefficients, request) =>
      coefficients.sample[0]! > 1.19 ? 'NaN in the network' : judge(coefficients, request),
    );
    const result = await (await world.start('failing', { ...SPEC, optimizer: { type: 'sobol', budget: 24 } })).result();
    const failed = rows('failing').filter(({ status }) => status === 'failed');
    expect(failed).not.toEqual([]);
    expect(result.failed).toBe(failed.length);
  });

  it('scores the best of the dropped on all pairs where nobody beats the baseline', async () => {
    world.scoreBy(({ sample, noise }) => ({
      cosine: 0.3,
      quality: 1 - Math.abs(sample[0]! - 1) - Math.abs(noise[0]! - 1),
    }));
    const result = await (await world.start('identity', SPEC)).result();
    expect(result.heldOut.recommend).not.toBe('calibrated');
    const calibrated = rows('identity').filter(({ stage, number }) => stage === 'calibration' && number > 0);
    const baseline = rows('identity').find(({ stage, number }) => stage === 'calibration' && number === 0)!;
    // The middle of the range is the baseline again: it is no finalist.
    const whole = calibrated.filter(({ status, candidate }) => status === 'ok' && candidate !== baseline.candidate);
    expect(whole.map(({ number }) => number)).toEqual([result.best.trial]);
    const others = calibrated.filter(({ status }) => status === 'raced').map(({ score }) => score!);
    expect(Math.max(...others)).toBeLessThanOrEqual(whole[0]!.score!);
    expect(result.raced).toBe(others.length);
  });

  it('races the finalists too, and chooses one that came to the end', async () => {
    const spec: SearchSpecInput = {
      ...SPEC,
      racing: { block: 2, alpha: 0.05 },
      optimizer: { type: 'cma-es', budget: 24, batch: 4 },
      select: { count: 16, finalists: 5 },
    };
    const result = await (await world.start('finalists', spec)).result();
    const selected = rows('finalists').filter(({ stage }) => stage === 'select');
    expect(selected.length).toBeGreaterThan(1);
    expect(selected.filter(({ status }) => status === 'raced')).not.toEqual([]);
    const chosen = selected.find(({ number }) => number === 1)!;
    expect(chosen).toMatchObject({ status: 'ok', pairs: null });
    expect(rows('finalists').find(({ stage, number }) => stage === 'confirm' && number === 1)!.candidate).toBe(
      chosen.candidate,
    );
    expect(result.finalist).toEqual(result.best.coefficients);
  });
});
