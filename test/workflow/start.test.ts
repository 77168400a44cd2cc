/**
 * What a search finds out before its own candidates: a least-squares match, and the linear solution of a search with two
 * coefficients per step. Both are settled when it is opened, and hold in every run of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fits, searches, trials } from '../../db/schema.js';
import { findSearch, heldOpening } from '../../db/searches.js';
import type { SearchSpecInput } from '../../contract/search-spec.js';
import type { FitMatchRequest } from '../../contract/wire/fit.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { verdictText } from '../../cli/text/verdict-text.js';
import { createWorld, SERVED, type FakeWorld } from './fake-world.js';

/** What is asked to be matched, and what the next match finds in every step. */
const matches: FitMatchRequest[] = [];
let found = { sample: [0.9, 1, 1.1], noise: [0.7, 0.9, 1.1] };
/** The best coefficients, which are not on a line, and what leaving lines costs. */
let best = { sample: [0.95, 1.1, 0.95], noise: [1, 1, 1] };
let bend = 0;

let world: FakeWorld;
beforeAll(async () => {
  world = await createWorld([], undefined, 100, {
    match: async (request) => {
      matches.push(request);
      return {
        version: WIRE_VERSION,
        worker: 'fake',
        seconds: 1,
        runtimeSeconds: 1,
        denoiserRows: 1,
        paddedRows: 1,
        trajectories: request.pairs.length,
        fits: found.sample.map((sample, i) => ({ sample, noise: found.noise[i]!, before: 0.2, after: 0.1, fixed: [] })),
      };
    },
  });
  world.scoreBy(({ sample, noise }) => {
    const off = (values: readonly number[], top: readonly number[]) =>
      values.reduce((sum, value, i) => sum + (value - top[i]!) ** 2, 0) +
      (values.length === 3 ? bend * (values[0]! - 2 * values[1]! + values[2]!) ** 2 : 0);
    return { cosine: 0.3, quality: 0.8 - off(sample, best.sample) - off(noise, best.noise) };
  });
});
afterAll(async () => {
  await world.close();
});

const spec = (rest: Partial<SearchSpecInput> = {}): SearchSpecInput => ({
  model: SERVED!,
  precision: 'w4a8',
  scheduler: { steps: 3 },
  optimizer: { type: 'cma-es', budget: 16, batch: 8 },
  racing: 'off',
  prior: 'none',
  prompts: { count: 2, seeds: [0] },
  select: { count: 2, finalists: 2 },
  confirm: { count: 24 },
  ...rest,
});
const run = async (id: string, own: SearchSpecInput) => (await world.start(id, own)).result();
const pointsOf = (id: string): number[][] =>
  world.store
    .select({ point: trials.point })
    .from(trials)
    .where(and(eq(trials.searchId, id), eq(trials.stage, 'calibration')))
    .orderBy(trials.number)
    .all()
    .slice(1)
    .map(({ point }) => JSON.parse(point) as number[]);

describe('start: match', () => {
  it('asks the nearest linear coefficients first, inside the range, and says so', async () => {
    const { notes } = await run('matched', spec({ start: 'match' }));
    expect(matches).toHaveLength(1);
    expect(matches[0]).toMatchObject({ quantised: { precision: 'w4a8' }, reference: { precision: 'fp32' } });
    expect(matches[0]!.pairs).toHaveLength(2);
    const [first] = pointsOf('matched');
    [0.9, 1.1, 0.8, 1.1].forEach((value, i) => expect(first![i]).toBeCloseTo(value, 12));
    expect(heldOpening(world.store, 'matched')!.firstAsks).toEqual([{ from: 'match', point: first }]);
    expect(notes).toContainEqual(
      expect.stringMatching(/^It started from a least-squares match with full precision \(schedule [0-9a-f]{12}\)/),
    );
    expect(findSearch(world.store, 'matched')!.result!.control).toBeNull();
  });

  it('is made once: another search of the same networks and prompts reuses it', async () => {
    await run('beside', spec({ start: 'match', optimizer: { type: 'cma-es', budget: 8, batch: 8, seed: 3 } }));
    expect(matches).toHaveLength(1);
    expect(pointsOf('beside')[0]).toEqual(pointsOf('matched')[0]);
  });

  it('holds after a cancellation, also if the fit is gone and would be another one today', async () => {
    const release = world.hold();
    const search = await world.start('cut', spec({ start: 'match' }));
    release();
    while (pointsOf('cut').length < 8) await sleep(20);
    const again = world.hold();
    await search.cancel();
    await search.result().catch(() => undefined);
    again();
    world.store.delete(fits).run();
    found = { sample: [1, 1, 1], noise: [1, 1, 1] };
    await run('cut', spec({ start: 'match' }));
    expect(pointsOf('cut')).toEqual(pointsOf('matched'));
    expect(matches).toHaveLength(1);
  });

  it('does not reach the control, which is what is matched with', async () => {
    const optimizer = { type: 'cma-es', budget: 4, batch: 4 } as const;
    await run('controlled', spec({ start: 'match', control: 'search', optimizer }));
    expect(findSearch(world.store, 'controlled-control')!.spec.start).toBe('none');
  });
});

describe('coefficients per step', () => {
  const perStep = (rest: Partial<SearchSpecInput> = {}) => spec({ coefficients: { shape: 'per-step' }, ...rest });

  it('start from the linear solution, and are compared with it on the held-out prompts', async () => {
    const { linear, finalist, heldOut, notes } = await run('steps', perStep({ control: 'evaluate' }));
    const child = findSearch(world.store, 'steps-linear')!;
    expect(child.spec).toMatchObject({ coefficients: { shape: 'linear' }, control: 'none' });
    const { sample, noise } = child.result!.finalist;
    expect(pointsOf('steps')[0]).toEqual([...sample, ...noise]);
    expect(notes).toContain('It started from the finalist of the linear search "steps-linear".');
    expect(linear).toMatchObject({ searchId: 'steps-linear', coefficients: { sample, noise }, recommend: 'per-step' });
    const [over] = linear!.scorers;
    expect(over!.prompts).toBe(24);
    expect(over!.gain).toBeGreaterThan(0);
    // The gains add up: over the baseline, that of the linear finalist and that over it.
    expect(over!.gain + child.result!.heldOut.gain).toBeCloseTo(heldOut.gain, 9);
    expect(finalist).not.toEqual(child.result!.finalist);
    const text = verdictText(findSearch(world.store, 'steps')!.result!, { type: 'jaq-clip', k: 2 });
    expect(text).toContain('over the linear finalist (24 prompts)');
    expect(text).toContain('two coefficients per step are better than linear ones on held-out prompts');
  });

  it('recommend the linear ones where these are as good', async () => {
    [best, bend] = [{ sample: [0.95, 1, 1.05], noise: [1.1, 1.05, 1] }, 1e4];
    const result = await run('line', perStep({ precision: 'w6a6' })); // scores of the others are kept
    expect(result.linear!.recommend).toBe('linear');
    expect(verdictText(result, { type: 'jaq-clip', k: 2 })).toContain(
      'two coefficients per step are not proven better than linear ones: use those of line-linear (npx qsched export line-linear)',
    );
    expect(result.finalist).toEqual(result.linear!.coefficients);
    bend = 0;
  });

  it('use a linear search of the same spec that has finished, by whatever budget', async () => {
    await run('steps-again-linear', spec({ optimizer: { type: 'cma-es', budget: 8, batch: 8 } }));
    const opened = world.store.select({ updatedAt: searches.updatedAt }).from(searches);
    const before = opened.where(eq(searches.id, 'steps-again-linear')).get();
    const { linear } = await run('steps-again', perStep());
    expect(linear!.searchId).toBe('steps-again-linear');
    expect(opened.where(eq(searches.id, 'steps-again-linear')).get()).toEqual(before);
  });

  it('keep their linear solution when they are run again', async () => {
    const before = pointsOf('steps-again');
    world.store.delete(trials).where(eq(trials.searchId, 'steps-again-linear')).run();
    world.store.update(searches).set({ result: null }).where(eq(searches.id, 'steps-again-linear')).run();
    const { linear } = await run('steps-again', perStep());
    expect(pointsOf('steps-again')).toEqual(before);
    expect(linear).toEqual(findSearch(world.store, 'steps-again')!.result!.linear);
    expect(findSearch(world.store, 'steps-again-linear')!.result).toBeNull();
  });

  it('of two steps need no linear search: lines reach all of them', async () => {
    best = { sample: [1, 1], noise: [1, 1] };
    const { linear } = await run('two', perStep({ scheduler: { steps: 2 } }));
    expect(linear).toBeUndefined();
    expect(findSearch(world.store, 'two-linear')).toBeUndefined();
  });
});
