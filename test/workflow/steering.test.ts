/** Live control of a search on a real server: what each update does, what it refuses, and that SQLite alone replays it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { and, eq, gt } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { candidates, evaluations, steering, trials } from '../../db/schema.js';
import { findSearch } from '../../db/searches.js';
import type { SearchProgress, SearchResult } from '../../contract/search-result.js';
import type { SearchSpecInput } from '../../contract/search-spec.js';
import type { BestSoFar, SurfaceSoFar } from '../../contract/steering.js';
import { createWorld, SERVED, type FakeWorld, type Judge } from './fake-world.js';

const SPEC: SearchSpecInput = {
  model: SERVED!,
  scheduler: { steps: 2 },
  coefficients: { shape: 'linear' },
  optimizer: { type: 'cma-es', budget: 16, batch: 4 },
  racing: 'off',
  prompts: { count: 8, seeds: [0] },
  select: { count: 2, finalists: 2 },
  confirm: { count: 4 },
};
/** Asks for everything at once. */
const WHOLE: SearchSpecInput = { ...SPEC, optimizer: { type: 'sobol', budget: 200 } };
const RACED: SearchSpecInput = {
  ...SPEC,
  optimizer: { type: 'gp', budget: 20, batch: 10 },
  racing: { block: 2, alpha: 0.5 },
  prompts: { count: 32, seeds: [0] },
};
const judge: Judge = ({ sample, noise }) => ({
  cosine: 0.3,
  quality: 1 - (sample[0]! - 1.1) ** 2 - (noise[0]! - 0.95) ** 2 - (sample[1]! - 1) ** 2,
});

let world: FakeWorld;
let small: FakeWorld;
beforeAll(async () => {
  world = await createWorld([], undefined, 1);
  small = await createWorld(['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60'], undefined, 1);
});
afterAll(async () => {
  await Promise.all([world.close(), small.close()]);
});
beforeEach(() => {
  world.scoreBy(judge);
  world.takes(0);
  world.store.delete(evaluations).run();
});

/** Lets go of what a test that failed still holds. */
const holds: (() => void)[] = [];
afterEach(() => {
  for (const release of holds.splice(0)) release();
});

const handleOf = (id: string, at = world) => at.env.client.workflow.getHandle(id);
const update = (id: string, name: string, input?: unknown, at = world): Promise<string> =>
  handleOf(id, at).executeUpdate<string, [unknown]>(name, { args: [input] });
const rowsOf = (id: string) =>
  world.store.select().from(steering).where(eq(steering.searchId, id)).orderBy(steering.sequence).all();
const dump = (id: string, { store } = world) =>
  store
    .select()
    .from(trials)
    .innerJoin(candidates, eq(candidates.id, trials.candidateId))
    .where(eq(trials.searchId, id))
    .orderBy(trials.stage, trials.number)
    .all()
    .map(({ trials: trial, candidates: { sample, noise } }) => {
      return { ...trial, createdAt: '', updatedAt: '', sample, noise };
    });

/** Candidates of a search that have a score. */
const scoredOf = (id: string, { store }: FakeWorld): number =>
  store
    .select()
    .from(trials)
    .where(and(eq(trials.searchId, id), eq(trials.stage, 'calibration'), gt(trials.number, 0)))
    .all()
    .filter(({ status }) => status === 'ok' || status === 'raced').length;

/** Starts a search, and holds its scores back once so many of its candidates have one. */
async function heldAfter(id: string, spec: SearchSpecInput, scored: number, at = world) {
  let release: (() => void) | null = null;
  const held = new Promise<void>((done) => {
    at.scoreBy((coefficients, request) => {
      const isBaseline = request.candidates.every(({ coefficients: { sample } }) => sample.every((c) => c === 1));
      if (release === null && !isBaseline && scoredOf(id, at) >= scored) {
        release = at.hold();
        holds.push(release);
        done();
      }
      return judge(coefficients, request);
    });
  });
  const search = await at.start(id, spec);
  await held;
  while ((await search.progress()).told < scored) await sleep(50);
  return { search, release: () => release?.() };
}

/** Waits until no block is under way. */
async function untilQuiet(id: string): Promise<void> {
  for (;;) {
    const { raw } = await handleOf(id).describe();
    if ((raw.pendingActivities ?? []).length === 0) return;
    await sleep(50);
  }
}

/** The same search, from the store alone, with every image made again. @returns its result */
async function rebuilt(id: string): Promise<SearchResult> {
  world.scoreBy(judge);
  world.store.delete(evaluations).run();
  const { spec } = findSearch(world.store, id)!;
  return (await world.start(id, spec as SearchSpecInput)).result();
}

/** What of a result does not count images. */
const plain = (result: SearchResult) => ({ ...result, evaluations: 0, reused: 0 });

const refusal = async (call: Promise<unknown>): Promise<string> => {
  const error: unknown = await call.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  return (error as WorkflowUpdateFailedError).cause!.message;
};

describe('pause', () => {
  it('finishes what is under way, gives nothing more out, and changes nothing', async () => {
    const undisturbed = await (await world.start('unpaused', SPEC)).result();
    world.store.delete(evaluations).run();
    const { search, release } = await heldAfter('paused', SPEC, 4);
    expect(await update('paused', 'pause')).toMatch(/qsched unpause paused/);
    release();
    await untilQuiet('paused');
    expect(findSearch(world.store, 'paused')?.status).toBe('paused');
    const requests = world.requests.length;
    const progress = await search.progress();
    expect(progress).toMatchObject({ paused: true, stage: 'search' });
    expect(progress.told).toBeLessThan(16);
    expect(await refusal(update('paused', 'pause'))).toBe(
      'The search paused is paused already. Continue it: npx qsched unpause paused',
    );
    expect(world.requests).toHaveLength(requests);
    await update('paused', 'unpause');
    expect(plain(await search.result())).toEqual({ ...plain(undisturbed), searchId: 'paused' });
    expect(dump('paused').map((row) => ({ ...row, searchId: '' }))).toEqual(
      dump('unpaused').map((row) => ({ ...row, searchId: '' })),
    );
    expect(rowsOf('paused')).toEqual([]);
  });

  it('outlives continue-as-new, and ends with the search', async () => {
    const spec = { ...SPEC, optimizer: { type: 'one-plus-one', budget: 30 } } as const;
    const { search, release } = await heldAfter('paused-long', spec, 4, small);
    await update('paused-long', 'priority', 2, small);
    release();
    for (;;) {
      const { runId } = await handleOf('paused-long', small).describe();
      if (runId !== search.firstExecutionRunId) break;
      await sleep(50);
    }
    await update('paused-long', 'pause', undefined, small);
    expect(await search.progress()).toMatchObject({ paused: true, priority: 2 });
    await search.cancel();
    await search.result().catch(() => undefined);
    expect(findSearch(small.store, 'paused-long')?.status).toBe('cancelled');
  });
});

describe('stop', () => {
  it('keeps the best of a generation that is cut short, and the store replays where', async () => {
    world.takes(0.15);
    const { search, release } = await heldAfter('stopped', WHOLE, 1);
    expect(await update('stopped', 'stop')).toMatch(/proceeds to the verdict/);
    release();
    const result = await search.result();
    expect(result.trials).toBeGreaterThan(0);
    expect(result.trials).toBeLessThan(200);
    expect(result.notes.join()).toMatch(new RegExp(`stopped by hand after ${result.trials} of 200 candidates`));
    const [row, ...others] = rowsOf('stopped');
    expect(others).toEqual([]);
    expect(row).toMatchObject({ kind: 'stop', after: 0 });
    const { cut } = JSON.parse(row!.payload) as { cut: { trials: number[] } };
    expect(cut.trials).toHaveLength(result.trials);
    expect(cut.trials).toContain(result.best.trial);
    const before = dump('stopped');
    expect(plain(await rebuilt('stopped'))).toEqual(plain(result));
    expect(dump('stopped')).toEqual(before);
  });

  it('ends a race where it last looked', async () => {
    const { search, release } = await heldAfter('stopped-raced', RACED, 1);
    await update('stopped-raced', 'stop');
    release();
    const result = await search.result();
    expect(result.trials).toBeLessThanOrEqual(20);
    const [row] = rowsOf('stopped-raced');
    expect(row).toMatchObject({ kind: 'stop', after: expect.any(Number) as unknown });
    const before = dump('stopped-raced');
    expect(plain(await rebuilt('stopped-raced'))).toEqual(plain(result));
    expect(dump('stopped-raced')).toEqual(before);
  });

  it('is lifted by a larger budget: the search is then the one that nobody stopped', async () => {
    const undisturbed = await (await world.start('never-stopped', SPEC)).result();
    world.store.delete(evaluations).run();
    const { search, release } = await heldAfter(
      'stopped-early',
      { ...SPEC, optimizer: { ...SPEC.optimizer, budget: 12 } },
      3,
    );
    await update('stopped-early', 'stop');
    release();
    expect((await search.result()).trials).toBeLessThan(12);
    const resumed = await world.start('stopped-early', SPEC);
    expect(plain(await resumed.result())).toEqual({ ...plain(undisturbed), searchId: 'stopped-early' });
    expect(rowsOf('stopped-early').map(({ kind }) => kind)).toEqual(['stop', 'extend']);
  });

  it('is refused where there is no best to keep, and once the candidates are scored', async () => {
    const { search, release } = await heldAfter('stop-refused', SPEC, 0);
    expect(await refusal(update('stop-refused', 'stop'))).toBe(
      'No candidate of stop-refused is scored yet: there is no best to keep. Cancel it instead: npx qsched cancel stop-refused',
    );
    release();
    await search.result();
  });
});

describe('extend', () => {
  it.each([
    ['cma-es', SPEC, 4],
    ['gp', { ...RACED, optimizer: { type: 'gp', budget: 30, batch: 10 } }, 2],
  ] as const)('%s goes on to the new budget, and the store replays from where', async (type, spec, scored) => {
    const id = `extended-${type}`;
    const { search, release } = await heldAfter(id, spec as SearchSpecInput, scored);
    const [from, to] = [spec.optimizer!.budget!, spec.optimizer!.budget! + 9];
    expect(await refusal(update(id, 'extend', from))).toBe(
      `The budget of ${id} is ${from} candidates already: ${from} does not extend it. ` +
        `Give more than ${from}; to end it earlier: npx qsched stop ${id}`,
    );
    expect(await update(id, 'extend', { budget: to })).toBe(`The budget is ${to} candidates now; it was ${from}.`);
    expect(findSearch(world.store, id)?.spec.optimizer.budget).toBe(to);
    release();
    const result = await search.result();
    expect(result.trials).toBe(to);
    const [row] = rowsOf(id);
    expect(JSON.parse(row!.payload)).toEqual({ from, to });
    expect(row!.after).toBeGreaterThan(0);
    expect(row!.after).toBeLessThanOrEqual(from);
    const before = dump(id);
    expect(plain(await rebuilt(id))).toEqual(plain(result));
    expect(dump(id)).toEqual(before);
  });
});

describe('enqueue', () => {
  it.each([
    ['cma-es', SPEC],
    ['gp', { ...RACED, optimizer: { type: 'gp', budget: 30, batch: 10 } }],
    ['one-plus-one', { ...SPEC, optimizer: { type: 'one-plus-one', budget: 10 } }],
  ] as const)('%s scores it next, within the budget, and the store replays where', async (type, spec) => {
    const id = `enqueued-${type}`;
    const { search, release } = await heldAfter(id, spec as SearchSpecInput, 2);
    await update(id, 'enqueue', { sample: [1.1, 1], noise: [0.95, 1] });
    await update(id, 'enqueue', { coefficients: { sample: [1.11, 1.01], noise: [0.94, 1] } });
    release();
    const result = await search.result();
    expect(result.trials).toBe(spec.optimizer!.budget);
    const points = dump(id)
      .filter(({ stage }) => stage === 'calibration')
      .map(({ point }) => point);
    expect(points).toEqual(expect.arrayContaining(['[1.1,1,0.95,1]', '[1.11,1.01,0.94,1]']));
    expect(result.best.coefficients.sample[0]).toBeCloseTo(1.1, 1);
    const placed = rowsOf(id);
    expect(placed.map(({ kind }) => kind)).toEqual(['enqueue', 'enqueue']);
    expect(points.indexOf('[1.1,1,0.95,1]')).toBe(placed[0]!.after! + 1);
    const before = dump(id);
    expect(plain(await rebuilt(id))).toEqual(plain(result));
    expect(dump(id)).toEqual(before);
  });

  it('refuses what the search cannot score', async () => {
    const { search, release } = await heldAfter('enqueue-refused', SPEC, 3);
    const refused = (input: unknown) => refusal(update('enqueue-refused', 'enqueue', input));
    expect(await refused({ sample: [1.3, 1], noise: [1, 1] })).toBe(
      'sample.start is 1.3: this search stays within 0.8 and 1.2. Choose a value inside, or start another search with --range.',
    );
    expect(await refused({ sample: [1], noise: [1, 1] })).toBe(
      'sample has 1 numbers, but this search varies 2 of sample: sample.start, sample.end. ' +
        'For example {"sample": [1, 1], "noise": [1, 1]}.',
    );
    expect(await refused('here')).toMatch(/^A candidate is a group of lists of numbers\./);
    expect(await refused({ coefficients: { sample: [1, 1, 1], noise: [1, 1] } })).toMatch(
      /^coefficients\.sample has 3 numbers, but the schedule has 2 steps\./,
    );
    release();
    await search.result();
    world.takes(0.15);
    const whole = await heldAfter('enqueue-full', WHOLE, 1);
    expect(await refusal(update('enqueue-full', 'enqueue', { sample: [1, 1], noise: [1, 1.1] }))).toBe(
      'All 200 candidates of enqueue-full have been asked for, and one that you put in counts too. ' +
        'Extend it first: npx qsched extend enqueue-full --budget 201',
    );
    whole.release();
    await whole.search.result();
  });
});

describe('queries', () => {
  it('tell the best and the points so far, of a search that runs and of one that has ended', async () => {
    const { search, release } = await heldAfter('asked', SPEC, 4);
    const running = await handleOf('asked').query<SurfaceSoFar>('surface');
    expect(running.names).toEqual(['sample.start', 'sample.end', 'noise.start', 'noise.end']);
    expect(running.points.length).toBeGreaterThan(0);
    release();
    const result = await search.result();
    const { points, identity } = await handleOf('asked').query<SurfaceSoFar>('surface');
    expect(points.map(({ trial }) => trial)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    expect(identity).toBe(result.identity.score);
    const best = await handleOf('asked').query<BestSoFar>('best');
    expect(best).toEqual({
      trial: result.best.trial,
      score: result.best.score,
      gain: result.best.score - identity!,
      identity,
      coefficients: result.best.coefficients,
    });
    expect((await handleOf('asked').query<SearchProgress>('progress')).told).toBe(16);
  });
});

it('a priority is from 1 to 5', async () => {
  const { search, release } = await heldAfter('prior', SPEC, 2);
  expect(await refusal(update('prior', 'priority', 9))).toMatch(/^The priority is 9: it must be a whole number from 1/);
  await update('prior', 'priority', 1);
  release();
  await search.result();
  const { events } = await handleOf('prior').fetchHistory();
  const keys = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: event }) =>
    event?.activityType?.name === 'score' ? [event.priority?.priorityKey ?? 0] : [],
  );
  expect(keys[0]).toBe(0);
  expect(keys.at(-1)).toBe(1);
});
