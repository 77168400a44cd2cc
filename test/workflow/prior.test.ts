/**
 * A search that starts from an earlier one: what it copies when it is opened decides its candidates, in every run of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { and, eq, gt } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { searches, trials } from '../../db/schema.js';
import { findSearch, heldOpening } from '../../db/searches.js';
import type { SearchSpecInput } from '../../contract/search-spec.js';
import { createWorld, SERVED, type FakeWorld } from './fake-world.js';

let world: FakeWorld;
beforeAll(async () => {
  world = await createWorld();
  // The best is at 1.1 at every precision; a lower precision gains more.
  world.scoreBy(({ sample, noise }, { network }) => {
    const off = [...sample, ...noise].reduce((sum, x) => sum + (x - 1.1) ** 2, 0);
    return { cosine: 0.3, quality: 0.8 - off * (network.precision === 'w8a8' ? 1 : 3) };
  });
});
afterAll(async () => {
  await world.close();
});

const at = (precision: string, rest: Partial<SearchSpecInput> = {}): SearchSpecInput => ({
  model: SERVED!,
  precision,
  scheduler: { steps: 2 },
  optimizer: { type: 'gp', budget: 16, batch: 4 },
  racing: 'off',
  prompts: { count: 2, seeds: [0] },
  select: { count: 2, finalists: 2 },
  confirm: { count: 4 },
  ...rest,
});
const run = async (id: string, spec: SearchSpecInput) => (await world.start(id, spec)).result();
const pointsOf = (id: string): string[] =>
  world.store
    .select({ point: trials.point })
    .from(trials)
    .where(and(eq(trials.searchId, id), eq(trials.stage, 'calibration'), gt(trials.number, 0)))
    .orderBy(trials.number)
    .all()
    .map(({ point }) => point);

it('finds the search at another precision by itself, asks its finalist first, and says so', async () => {
  await run('w8', at('w8a8'));
  expect(heldOpening(world.store, 'w8')!.prior).toBeNull();
  const { best, notes } = await run('w4', at('w4a8'));
  const earlier = findSearch(world.store, 'w8')!.result!;
  const [first] = pointsOf('w4');
  expect(JSON.parse(first!)).toEqual(JSON.parse(pointsOf('w8')[earlier.best.trial - 1]!));
  expect(notes).toContainEqual(expect.stringMatching(/^It started from the search "w8" \(fake w8a8, 2 steps\)/));
  expect(best.score).toBeGreaterThanOrEqual(0);
  expect(heldOpening(world.store, 'w4')).toMatchObject({
    // Its candidates and its baseline.
    prior: { searchId: 'w8', points: expect.objectContaining({ length: 17 }) },
    firstAsks: [{ from: 'prior', point: JSON.parse(first!) }],
  });
});

it('asks the same after it was cancelled, whatever the prior and the database have become', async () => {
  const release = world.hold();
  const search = await world.start('cut', at('w4a8'));
  release();
  while (pointsOf('cut').length < 8) await sleep(20);
  const again = world.hold();
  await search.cancel();
  await search.result().catch(() => undefined);
  again();
  expect(pointsOf('cut').length).toBeLessThan(16);
  // A larger search at a third precision would now be the better prior, and the old one has other scores.
  await run('w6', at('w6a6', { optimizer: { type: 'gp', budget: 20, batch: 4 }, prior: 'none' }));
  world.store.update(trials).set({ tc: 7 }).where(eq(trials.searchId, 'w8')).run();
  await run('cut', at('w4a8'));
  expect(pointsOf('cut')).toEqual(pointsOf('w4'));
  expect(heldOpening(world.store, 'cut')!.prior?.searchId).toBe('w8');
});

it('does not reach the control', async () => {
  await run('controlled', at('w4a8', { control: 'search' }));
  const control = findSearch(world.store, 'controlled-control')!;
  expect(control.spec.prior).toBe('none');
  expect(heldOpening(world.store, 'controlled-control')!.prior).toBeNull();
});

it.each<[string, Partial<SearchSpecInput>, string]>([
  ['that is not there', { prior: 'nothing' }, 'There is no search "nothing" to be the prior.'],
  [
    'with another scheduler',
    { prior: 'w8', scheduler: { steps: 2, type: 'ddim' } },
    'The prior "w8" has scheduler.type "tcd", but this search has scheduler.type "ddim".',
  ],
  [
    'of another dimension',
    { prior: 'w8', coefficients: { shape: 'per-step' } },
    'The prior "w8" has linear coefficients (tune: both), but this search has per-step coefficients (tune: both) for 2 steps.',
  ],
  [
    'for an optimizer that would not read it',
    { prior: 'w8', optimizer: { type: 'random', budget: 4 } },
    'prior is "w8", but the optimizer "random" cannot start from an earlier search.',
  ],
])('refuses a prior %s', async (_, rest, sentence) => {
  const error: unknown = await run('refused', at('w4a8', rest)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  expect((error as WorkflowFailedError).cause).toMatchObject({
    type: 'usage',
    message: expect.stringContaining(sentence),
  });
  expect(world.store.select().from(searches).where(eq(searches.id, 'refused')).all()).toEqual([]);
});
