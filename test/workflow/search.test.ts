/**
 * The search workflow on a real server with fake scores: its order, its limits, its ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { candidates, searches, trials } from '../../db/schema.js';
import { findSearch } from '../../db/searches.js';
import type { Coefficients } from '../../contract/coefficients.js';
import type { SearchSpecInput } from '../../contract/search-spec.js';
import { readPromptSet } from '../../inference/prompts/prompt-sets.js';
import { createWorld, NOWHERE, SERVED, type FakeWorld, type Judge } from './fake-world.js';

/** Eleven values of c^x from 0.8 to 1.2; the sixth is the identity. */
const GRID: SearchSpecInput = {
  model: SERVED!,
  scheduler: { steps: 2 },
  coefficients: { shape: 'single-scale', tune: 'sample' },
  optimizer: { type: 'grid', budget: 11, gridPoints: 11 },
  prompts: { count: 2, seeds: [0] },
  select: { count: 2, finalists: 2 },
  confirm: { count: 4 },
};
/** Prompts of the calibration. */
const CALIBRATION = readPromptSet('shapes-calibration').map(({ text }) => text);
const isIdentity = ({ sample, noise }: Coefficients): boolean => [...sample, ...noise].every((value) => value === 1);
/** Best at c^x = `top`. */
const peak =
  (top: number): Judge =>
  ({ sample }) => ({ cosine: 0.3, quality: 1 - Math.abs(sample[0]! - top) });

let world: FakeWorld;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world.close();
});
beforeEach(() => {
  world.requests.length = 0;
  world.scoreBy(peak(1.12));
});

/** How a search failed. */
async function failureOf(id: string, spec: SearchSpecInput): Promise<ApplicationFailure> {
  const error: unknown = await world
    .start(id, spec)
    .then((search) => search.result())
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  const { cause } = error as WorkflowFailedError;
  expect(cause).toBeInstanceOf(ApplicationFailure);
  return cause as ApplicationFailure;
}

const trialsOf = (id: string, stage: 'calibration' | 'select' | 'confirm' | 'control' = 'calibration') =>
  world.store
    .select()
    .from(trials)
    .where(eq(trials.searchId, id))
    .orderBy(trials.number)
    .all()
    .filter((trial) => trial.stage === stage);

describe('a search', () => {
  it('finds the best of the grid, ranks the rest, and stores what it returns', async () => {
    const result = await (await world.start('plain', GRID)).result();
    expect(result.best).toMatchObject({ trial: 9, coefficients: { sample: [expect.closeTo(1.12, 12), 1] } });
    expect(result).toMatchObject({ trials: 11, failed: 0, status: 'finished', heldOut: { prompts: 4 } });
    const { gain, calibrationGain, optimism } = result.heldOut;
    const finalist = trialsOf('plain').find(
      ({ candidateId }) => candidateId === trialsOf('plain', 'confirm')[1]!.candidateId,
    )!;
    expect(calibrationGain).toBeCloseTo(finalist.score! - result.identity.score, 12);
    expect(optimism).toBe(calibrationGain! - gain);
    expect(findSearch(world.store, 'plain')).toMatchObject({ status: 'finished', result });
    expect(trialsOf('plain', 'select')).toHaveLength(2);
    expect(trialsOf('plain', 'confirm').map(({ number }) => number)).toEqual([0, 1]);
  });

  it('is the same search the second time, from the store alone', async () => {
    const again = await (await world.start('plain', GRID)).result();
    expect(again).toEqual(findSearch(world.store, 'plain')?.result);
    expect(world.requests).toEqual([]);
  });

  it('ranks a failed candidate last, without a number', async () => {
    world.scoreBy((coefficients, request) =>
      Math.abs(coefficients.sample[0]! - 1.12) < 1e-9
        ? 'the image has 3 values that are not finite'
        : peak(1.12)(coefficients, request),
    );
    const result = await (await world.start('one-failed', { ...GRID, precision: 'w4a6' })).result();
    expect(result.failed).toBe(1);
    expect([8, 10]).toContain(result.best.trial);
    expect(trialsOf('one-failed')[9]).toMatchObject({ status: 'failed', score: null, tc: null, iq: null });
  });

  it('scores candidates that a batch holds twice once', async () => {
    let calls = 0;
    world.scoreBy(() => ({ cosine: 0.3, quality: (calls += 1) / 1000 })); // ever better: the step size grows until points hit the bounds
    const spec: SearchSpecInput = {
      ...GRID,
      precision: 'w8a8',
      optimizer: { type: 'one-plus-one', budget: 24, batch: 8 },
    };
    await (await world.start('repeated', spec)).result();
    const asked = trialsOf('repeated');
    expect(asked).toHaveLength(25);
    expect(asked.every(({ status }) => status === 'ok')).toBe(true);
    const candidates = new Set(asked.map(({ candidateId }) => candidateId));
    expect(candidates.size).toBeLessThan(25);
    const scored = world.requests
      .filter(({ keepImages, prompts }) => !keepImages && prompts[0]!.text === CALIBRATION[0])
      .flatMap((request) => request.candidates);
    expect(scored).toHaveLength(candidates.size);
    for (const id of candidates) {
      expect(new Set(asked.filter(({ candidateId }) => candidateId === id).map(({ score }) => score)).size).toBe(1);
    }
  });

  it('shows the full-precision network beside it, with a search of its own', async () => {
    const result = await (await world.start('controlled', { ...GRID, precision: 'w2', control: 'search' })).result();
    expect(result.control).toMatchObject({
      precision: 'fp32',
      heldOut: { objective: expect.any(Number) as unknown },
      search: { best: { trial: 9 } },
    });
    // The same judge scores both networks: all of the gain is tuning.
    const { repair } = result.control!;
    expect(repair!.map(({ scorer, prompts }) => [scorer, prompts])).toEqual([
      ['objective', 4],
      ['second', 4],
    ]);
    for (const { gain, full, repair: repaired, share } of repair!) {
      expect(gain.value).toBeCloseTo(0.24, 12);
      expect(full).toEqual(gain);
      expect(repaired).toEqual({ value: 0, low: 0, high: 0 });
      expect(share).toEqual({ value: 0, low: 0, high: 0 });
    }
    expect(trialsOf('controlled', 'control').map(({ number }) => number)).toEqual([0, 1]);
    expect(findSearch(world.store, 'controlled-control')).toMatchObject({ status: 'finished', precision: 'fp32' });
  });

  it('says that its finalist sits on the edge of the range, and what to type', async () => {
    world.scoreBy(peak(1.3));
    const { notes } = await (await world.start('edge', { ...GRID, precision: 'edge' })).result();
    expect(notes.at(-1)).toBe(
      'The finalist sits on the edge of its range: c^x of the first step is 1.2 (edge 1.2). Better ones may lie beyond: search again with --range 0.8,1.4',
    );
  });

  it('compares nothing with itself: full precision has no repair', async () => {
    const result = await (await world.start('itself', { ...GRID, precision: 'fp32', control: 'evaluate' })).result();
    expect(result.control).toEqual({
      precision: 'fp32',
      heldOut: { objective: expect.any(Number) as unknown },
      repair: null,
      search: null,
    });
    expect(trialsOf('itself', 'control').map(({ number }) => number)).toEqual([0]);
  });

  it('tells where it is, and is marked cancelled when it is cancelled', async () => {
    const release = world.hold();
    try {
      const search = await world.start('cancelled', { ...GRID, precision: 'w3' });
      let progress = await search.progress();
      while (progress.stage !== 'identity') {
        await sleep(50);
        progress = await search.progress();
      }
      expect(progress).toMatchObject({ status: 'running', told: 0, budget: 11, best: null, identity: null, failed: 0 });
      await search.cancel();
      const error: unknown = await search.result().catch((reason: unknown) => reason);
      expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
      expect(findSearch(world.store, 'cancelled')?.status).toBe('cancelled');
    } finally {
      release();
    }
    const progress = await (
      await world.start('after', { ...GRID, precision: 'w3' })
    )
      .result()
      .then(() => world.env.client.workflow.getHandle('after').query('progress'));
    expect(progress).toMatchObject({ status: 'finished', stage: 'finished', told: 11, budget: 11, failed: 0 });
  });
});

describe('it fails', () => {
  it('with the sentence of the command line for wrong input, and stores nothing', async () => {
    const failure = await failureOf('wrong', { ...GRID, scheduler: { steps: 99 } });
    expect(failure).toMatchObject({
      type: 'usage',
      nonRetryable: true,
      message: 'scheduler.steps is 99: must be from 1 to 50. For example: scheduler.steps: 4',
    });
    expect(findSearch(world.store, 'wrong')).toBeUndefined();
  });

  it.each([
    ['serves the model', 'nobody', undefined],
    ['scores it', NOWHERE!, 'failed'],
  ])('when nobody %s within waitForWorker, with the command that starts a worker', async (_, model, status) => {
    const failure = await failureOf(`waiting-${model}`, { ...GRID, model, waitForWorker: 1 });
    expect(failure).toMatchObject({
      type: 'failure',
      nonRetryable: true,
      message: expect.stringMatching(/No worker served the queue in time\..*npx qsched worker/) as unknown,
    });
    expect(findSearch(world.store, `waiting-${model}`)?.status).toBe(status);
  });

  it('when more than a fifth of its candidates fail', async () => {
    world.scoreBy((coefficients, request) =>
      coefficients.sample[0]! < 0.9 ? 'too dark' : peak(1.12)(coefficients, request),
    );
    const failure = await failureOf('many-failed', { ...GRID, precision: 'w5' });
    expect(failure.message).toMatch(
      /^3 of 11 candidates failed, more than 20 %: too dark \(6 evaluations; for example ".+", seed 0, c\^x [\d., ]+, c\^eps [\d., ]+\)\./,
    );
    expect(findSearch(world.store, 'many-failed')).toMatchObject({ status: 'failed', message: failure.message });
  });

  it('when the baseline fails', async () => {
    world.scoreBy((coefficients, request) => (isIdentity(coefficients) ? 'black' : peak(1.12)(coefficients, request)));
    const failure = await failureOf('identity-failed', { ...GRID, precision: 'w6' });
    expect(failure.message).toMatch(
      /^The baseline of fake w6 cannot be scored: black \(2 evaluations; for example ".+", seed 0, c\^x 1, 1, c\^eps 1, 1\)\./,
    );
    expect(failure.message).toMatch(/--retry-failed/);
    expect(world.store.select().from(searches).where(eq(searches.id, 'identity-failed')).get()?.status).toBe('failed');
    expect(trialsOf('identity-failed')).toHaveLength(1);
  });
});

describe('continue-as-new', () => {
  let small: FakeWorld;
  beforeAll(async () => {
    small = await createWorld(['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60']);
  });
  afterAll(async () => {
    await small.close();
  });

  const rows = ({ store }: FakeWorld, id: string) =>
    store
      .select()
      .from(trials)
      .where(eq(trials.searchId, id))
      .orderBy(trials.stage, trials.number)
      .all()
      .map((row) => ({ ...row, createdAt: '', updatedAt: '' }));

  it.each([
    ['one-plus-one', {}],
    ['cma-es', { batch: 4 }],
    ['grid', { gridPoints: 3, batch: 2 }],
  ] as const)('gives the same search: %s', async (type, own) => {
    const id = `long-${type}`;
    const spec: SearchSpecInput = {
      ...GRID,
      precision: id,
      coefficients: { shape: 'linear' },
      optimizer: { type, budget: 12, ...own },
    };
    small.scoreBy(peak(1.12));
    const [whole, inParts] = await Promise.all([world.start(id, spec), small.start(id, spec)]);
    expect(await inParts.result()).toEqual(await whole.result());
    expect(rows(small, id)).toEqual(rows(world, id));
    const first = await small.env.client.workflow.getHandle(id, inParts.firstExecutionRunId).fetchHistory();
    expect(first.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes).toBeTruthy();
  });

  it('continues in the middle of a generation whose terms fill a history, and cuts candidates that fill a payload', async () => {
    const spec: SearchSpecInput = {
      ...GRID,
      precision: 'long-wide',
      prompts: { set: 'shapes-eval', count: 1000, seeds: [0, 1, 2] },
    };
    small.requests.length = 0;
    small.scoreBy(peak(1.12));
    const search = await small.start('long-wide', spec);
    const result = await search.result();
    expect(result).toMatchObject({ trials: 11, failed: 0, best: { trial: 9 } });
    const images = small.requests
      .filter(({ keepImages, pairs }) => !keepImages && pairs.some(([, seed]) => seed < 3))
      .map((request) =>
        request.candidates.reduce((sum, { pairs }) => sum + (pairs?.length ?? request.pairs.length), 0),
      );
    expect(Math.max(...images)).toBeLessThanOrEqual(1000);
    expect(images.reduce((sum, count) => sum + count, 0)).toBe(11 * 3000);
    const first = await small.env.client.workflow.getHandle('long-wide', search.firstExecutionRunId).fetchHistory();
    const scored =
      first.events?.filter(
        ({ activityTaskScheduledEventAttributes: event }) => event?.activityType?.name === 'score',
      ) ?? [];
    expect(first.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes).toBeTruthy();
    expect(scored.length).toBeLessThan(images.length);
  });
});

describe('any number of workers', () => {
  const dump = (id: string) =>
    world.store
      .select()
      .from(trials)
      .innerJoin(candidates, eq(candidates.id, trials.candidateId))
      .where(eq(trials.searchId, id))
      .orderBy(trials.stage, trials.number)
      .all()
      .map(({ trials: { stage, number, point, status, score, tc, iq }, candidates: { sample, noise } }) => {
        return { stage, number, point, status, score, tc, iq, sample, noise };
      });

  it('gives the same search, cut into other blocks', async () => {
    const spec = (precision: string): SearchSpecInput => ({
      ...GRID,
      precision,
      coefficients: { shape: 'linear' },
      optimizer: { type: 'cma-es', budget: 24 },
      prompts: { count: 20, seeds: [0, 1] },
    });
    const blocks: number[] = [];
    for (const workers of [1, 3, 16]) {
      world.countWorkers(workers);
      world.requests.length = 0;
      await (await world.start(`workers-${workers}`, spec(`w-${workers}`))).result();
      blocks.push(world.requests.length);
    }
    world.countWorkers(2);
    expect(dump('workers-3')).toEqual(dump('workers-1'));
    expect(dump('workers-16')).toEqual(dump('workers-1'));
    expect(new Set(blocks).size).toBeGreaterThan(1);
  });

  it('may grow and shrink meanwhile', async () => {
    const spec: SearchSpecInput = {
      ...GRID,
      precision: 'w-changing',
      coefficients: { shape: 'linear' },
      optimizer: { type: 'cma-es', budget: 24 },
      prompts: { count: 20, seeds: [0, 1] },
    };
    let scored = 0;
    world.scoreBy((coefficients, request) => {
      world.countWorkers([1, 5, 0, 16][(scored += 1) % 4]!);
      return peak(1.12)(coefficients, request);
    });
    await (await world.start('workers-changing', spec)).result();
    world.countWorkers(2);
    expect(dump('workers-changing')).toEqual(dump('workers-1'));
  });
});

describe('failures that are tried again', () => {
  it('lead the optimizer elsewhere: no candidate has the score of another', async () => {
    const spec: SearchSpecInput = {
      ...GRID,
      precision: 'again',
      coefficients: { shape: 'linear' },
      optimizer: { type: 'cma-es', budget: 24, batch: 8 },
    };
    let asked = 0;
    world.scoreBy((coefficients, request) => (++asked === 4 ? 'out of luck' : peak(1.12)(coefficients, request)));
    const before = await (await world.start('again', spec)).result();
    expect(before.failed).toBe(1);
    world.scoreBy(peak(1.12));
    const after = await (await world.start('again', { ...spec, retryFailed: true })).result();
    expect(after.failed).toBe(0);
    const stored = world.store
      .select()
      .from(trials)
      .innerJoin(candidates, eq(candidates.id, trials.candidateId))
      .where(eq(trials.searchId, 'again'))
      .all()
      .filter((row) => row.trials.stage === 'calibration')
      .map((row) => ({
        number: row.trials.number,
        score: row.trials.score!,
        sample: JSON.parse(row.candidates.sample) as number[],
      }));
    expect(stored).toHaveLength(25);
    for (const { score, sample } of stored) expect(score).toBeCloseTo(0.75 + 2 * (1 - Math.abs(sample[0]! - 1.12)), 9);
    expect(after.best).toMatchObject({ score: Math.max(...stored.map(({ score }) => score)) });
    expect(stored.find(({ number }) => number === after.best.trial)!.sample).toEqual(after.best.coefficients.sample);
  });
});

describe('a worker that is busy', () => {
  let narrow: FakeWorld;
  beforeAll(async () => {
    narrow = await createWorld([], undefined, 1);
  });
  afterAll(async () => {
    await narrow.close();
  });

  it('is waited for longer than one that is not there', async () => {
    narrow.scoreBy(peak(1.12));
    const release = narrow.hold();
    const first = await narrow.start('first', { ...GRID, precision: 'busy' });
    while ((await first.progress()).stage !== 'identity') await sleep(20);
    const second = await narrow.start('second', { ...GRID, precision: 'waits', waitForWorker: 1 });
    while ((await second.progress()).stage !== 'identity') await sleep(20);
    await sleep(3000);
    expect(await second.progress()).toMatchObject({ status: 'running', stage: 'identity' });
    release();
    expect(await first.result()).toMatchObject({ status: 'finished' });
    expect(await second.result()).toMatchObject({ status: 'finished' });
  });
});
