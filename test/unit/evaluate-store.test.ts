/** Schedules by reference, runs, and what `confirm` reads from a search, on a real SQLite store. */
import { eq } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveRows } from '../../activities/resolve.js';
import { calibrationGain, seenPrompts } from '../../db/confirmable.js';
import { candidateId, promptId } from '../../db/keys.js';
import { openStore, type Store } from '../../db/open-store.js';
import { resolveSchedules } from '../../db/resolve-schedules.js';
import { closeRun, findRun, finishEvaluate, listRuns, openRun } from '../../db/runs.js';
import { addFit, findFit, fittedPrompts } from '../../db/fits.js';
import { storeSchedule } from '../../db/schedules.js';
import { candidates, evaluationRows, fits, prompts, runs, searches, searchPrompts, trials } from '../../db/schema.js';
import { QschedError } from '../../contract/errors.js';
import type { EvaluatedRow } from '../../contract/evaluate-spec.js';
import type { CompleteSchedule } from '../../contract/schedule-document.js';
import type { AddFitRequest, FitInputs, FitInputs010 } from '../../contract/fit-payloads.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { toWireSchedule } from '../../contract/wire/schedule.js';

let store: Store;
beforeEach(() => {
  store = openStore(':memory:');
});
afterEach(() => {
  store.$client.close();
});

const FINALIST = { sample: [0.9, 1], noise: [1, 1.1] };

function document(
  kind: CompleteSchedule['kind'],
  own: { precision?: string; eta?: number; a?: number; ptqd?: CompleteSchedule['ptqd'] } = {},
): CompleteSchedule {
  const { precision = 'w4a8', eta = 0, a = 0.5, ptqd } = own;
  const steps = [0, 1].map((i) => ({ timestep: 999 - i, inputScale: 1, a, b: 0.5, d: 0, n: 0 }));
  return {
    format: 'qsched-schedule/1',
    kind,
    model: 'm',
    precision,
    scheduler: { type: 'tcd', steps: 2, eta },
    timesteps: [999, 998],
    coefficients: FINALIST,
    fused: { scheduler: 'tcd', initNoiseSigma: 1, steps },
    ...(ptqd === undefined ? {} : { ptqd }),
  };
}

const PTQD = [0, 1].map(() => ({ method: 'std' as const, gamma: 0.1, mu: 0.2, variance: 0.01 }));

const INPUTS: FitInputs = {
  gamma: 'std',
  bias: 'channel',
  network: 'n',
  reference: 'r',
  schedule: toWireSchedule(document('ptqd').fused),
  prompts: 'p',
  seeds: [0, 1],
};

const fit = (own: Partial<FitInputs>, a: number, texts = ['x', 'y']): AddFitRequest => ({
  inputs: { ...INPUTS, ...own },
  document: document('ptqd', { a, ptqd: PTQD }),
  trajectories: 4,
  texts,
});

/** A search in the store; finished if it has a finalist. */
function addSearch(
  id: string,
  own: { finalist?: typeof FINALIST; eta?: number; precision?: string; updatedAt?: string; scheduler?: object } = {},
): void {
  const { finalist, eta = 0, precision = 'w4a8', updatedAt = '2026-01-01T00:00:00.000Z' } = own;
  const spec = parseSearchSpec({ model: 'm', precision, scheduler: { steps: 2, eta, ...own.scheduler } });
  store
    .insert(searches)
    .values({
      id,
      model: 'm',
      precision,
      steps: 2,
      optimizer: 'cma-es',
      spec: JSON.stringify(spec),
      status: finalist ? 'finished' : 'running',
      result: finalist ? JSON.stringify({ finalist }) : null,
      updatedAt,
    })
    .run();
}

const resolve = (schedule: unknown, row: object = {}) =>
  resolveSchedules(store, parseEvaluateSpec({ rows: [{ model: 'm', scheduler: { steps: 2 }, schedule, ...row }] }))[0]!;

function refusal(schedule: unknown, row: object = {}): QschedError {
  try {
    resolve(schedule, row);
  } catch (error) {
    if (error instanceof QschedError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(schedule)} was found`);
}

describe('a schedule', () => {
  test('that is the baseline, or entered by hand, needs no store', () => {
    expect(resolve('identity')).toEqual({ coefficients: { sample: [1, 1], noise: [1, 1] }, source: null });
    expect(resolve({ name: 'mine', coefficients: FINALIST })).toEqual({ coefficients: FINALIST, source: null });
  });

  test('of PTQD is the latest fit of the same network and scheduler', () => {
    for (const own of [{ precision: 'w8a8' }, { eta: 0.3, a: 0.6 }]) {
      storeSchedule(store, document('ptqd', { ...own, ptqd: PTQD }));
    }
    expect(refusal('ptqd')).toMatchObject({
      code: 'usage',
      hint: 'Make one: npx qsched ptqd --model m --precision w4a8 --scheduler tcd --steps 2 --eta 0',
    });
    const { id } = storeSchedule(store, document('ptqd', { a: 0.7, ptqd: PTQD }));
    expect(resolve('ptqd')).toEqual({ coefficients: FINALIST, ptqd: PTQD, source: id });
    expect(resolve('ptqd', { scheduler: { steps: 2, eta: 0.3 } }).source).not.toBe(id);
  });

  test('of a least-squares match is the latest match, whatever PTQD was fitted', () => {
    storeSchedule(store, document('ptqd', { ptqd: PTQD }));
    expect(refusal('match')).toMatchObject({
      code: 'usage',
      message: 'There is no least-squares match of m w4a8 with tcd, 2 steps and eta 0.',
      hint: 'Make one: npx qsched match --model m --precision w4a8 --scheduler tcd --steps 2 --eta 0',
    });
    const match = [0, 1].map(() => ({ before: 0.2, after: 0.1, fixed: [] }));
    const made = { ...fit({}, 0.6), document: { ...document('match', { a: 0.6 }), match } };
    const { gamma: _, bias: __, ...basis } = INPUTS as Extract<FitInputs, { gamma: string }>;
    const inputs = { method: 'match' as const, ...basis };
    expect(findFit(store, { inputs, older: null })).toBeNull();
    const { id } = addFit(store, { ...made, inputs });
    storeSchedule(store, document('ptqd', { a: 0.7, ptqd: PTQD }));
    expect(resolve('match')).toEqual({ coefficients: FINALIST, source: id });
    expect(findFit(store, { inputs, older: null })).toEqual({ id, document: made.document, trajectories: 4 });
    expect(findFit(store, { inputs: INPUTS, older: null })).toBeNull();
  });

  test('of Q-Sched is that of the latest finished search of the same network and scheduler', () => {
    addSearch('running');
    addSearch('other-eta', { finalist: FINALIST, eta: 0.3, updatedAt: '2026-01-05T00:00:00.000Z' });
    addSearch('other-precision', { finalist: FINALIST, precision: 'w8a8', updatedAt: '2026-01-05T00:00:00.000Z' });
    expect(refusal('q-sched')).toMatchObject({
      code: 'usage',
      hint: 'Run one: npx qsched search --model m --precision w4a8 --scheduler tcd --steps 2 --eta 0',
    });
    addSearch('older', { finalist: { sample: [1, 1], noise: [1, 1] } });
    addSearch('newer', { finalist: FINALIST, updatedAt: '2026-01-03T00:00:00.000Z' });
    expect(resolve('q-sched')).toEqual({ coefficients: FINALIST, source: 'newer' });
  });

  test('of PTQD is the one that was fitted last, whatever was fitted in between', () => {
    const std = document('ptqd', { a: 0.6, ptqd: PTQD });
    const { id } = storeSchedule(store, std);
    const other = storeSchedule(store, document('ptqd', { a: 0.7, ptqd: PTQD }));
    expect(resolve('ptqd').source).toBe(other.id);
    expect(storeSchedule(store, std)).toEqual({ id, added: false });
    expect(resolve('ptqd').source).toBe(id);
  });

  test('of PTQD is fitted once: equal inputs find it, and make it the latest again', () => {
    const [std, regression] = [fit({ gamma: 'std' }, 0.6), fit({ gamma: 'regression' }, 0.7)];
    const find = (own: Partial<FitInputs>) => findFit(store, { inputs: { ...INPUTS, ...own }, older: null });
    expect(find({})).toBeNull();
    const { id } = addFit(store, std);
    addFit(store, regression);
    expect(addFit(store, std)).toEqual({ id });
    expect(resolve('ptqd').source).toBe(id);
    addFit(store, regression);
    const { seeds, ...rest } = INPUTS;
    expect(findFit(store, { inputs: { seeds, ...rest }, older: null })).toEqual({
      id,
      document: std.document,
      trajectories: 4,
    });
    expect(resolve('ptqd').source).toBe(id);
    for (const other of [{ seeds: [0] }, { bias: 'step' }, { network: 'x' }, { reference: 'x' }, { prompts: 'x' }]) {
      expect(find(other as Partial<FitInputs>)).toBeNull();
    }
    expect([...fittedPrompts(store, id)]).toEqual(['x', 'y']);
  });

  test('of PTQD that 0.1.0 stored is found by the inputs it had, and from then on by the new ones', () => {
    const older: FitInputs010 = {
      gamma: 'std',
      bias: 'channel',
      contexts: { objective: 'a', second: 'b' },
      referenceContexts: { objective: 'c', second: 'd' },
      scheduler: { type: 'tcd', steps: 2, eta: 0 },
      prompts: 'p',
      seeds: [0, 1],
    };
    const { document: made } = fit({}, 0.6);
    const { id } = storeSchedule(store, made);
    // The key as 0.1.0 computed it from these inputs.
    const key = '825ce64e6dba69e0d9d6db78636678413dfa1bb038d5ab78847ef2103a2f5ece';
    store
      .insert(fits)
      .values({ key, scheduleId: id, document: JSON.stringify(made), trajectories: 4, texts: '["x"]' })
      .run();
    expect(findFit(store, { inputs: INPUTS, older: null })).toBeNull();
    const found = { id, document: made, trajectories: 4 };
    expect(findFit(store, { inputs: INPUTS, older })).toEqual(found);
    expect(findFit(store, { inputs: INPUTS, older: null })).toEqual(found);
    expect([...fittedPrompts(store, id)]).toEqual(['x']);
  });

  test('of PTQD is found if another network has the same steps', () => {
    for (const precision of ['w4a8', 'w4a6']) storeSchedule(store, document('ptqd', { precision, ptqd: PTQD }));
    expect(resolve('ptqd', { precision: 'w4a6' }).source).toBe(resolve('ptqd', { precision: 'w4a8' }).source);
  });

  test('of Q-Sched is that of a search that continues, or failed when it was run again, by its last result', () => {
    addSearch('older', { finalist: { sample: [1, 1], noise: [1, 1] }, updatedAt: '2026-01-02T00:00:00.000Z' });
    addSearch('newer', { finalist: FINALIST, updatedAt: '2026-01-03T00:00:00.000Z' });
    store.update(searches).set({ status: 'failed' }).where(eq(searches.id, 'newer')).run();
    expect(resolve('q-sched').source).toBe('newer');
    store
      .update(searches)
      .set({ status: 'running', finishedAt: '2026-01-02T00:00:00.000Z', updatedAt: '2026-01-09T00:00:00.000Z' })
      .where(eq(searches.id, 'older'))
      .run();
    expect(resolve('q-sched').source).toBe('newer');
    expect(resolve('search:newer').source).toBe('newer');
  });

  test('of Q-Sched has the spacing of the row', () => {
    addSearch('plain', { finalist: FINALIST });
    expect(refusal('q-sched', { scheduler: { type: 'ddim', steps: 2, spacing: 'trailing' } }).message).toContain(
      'No search of m w4a8',
    );
    addSearch('spaced', { finalist: FINALIST, scheduler: { type: 'ddim', spacing: 'leading' } });
    expect(refusal('q-sched', { scheduler: { type: 'ddim', steps: 2, spacing: 'trailing' } }).hint).toContain(
      '--spacing trailing',
    );
    expect(resolve('q-sched', { scheduler: { type: 'ddim', steps: 2, spacing: 'leading' } }).source).toBe('spaced');
  });

  test('of a search by its id may be used for another precision, but not for another scheduler', () => {
    addSearch('mine', { finalist: FINALIST });
    expect(resolve('search:mine', { precision: 'fp32' })).toEqual({ coefficients: FINALIST, source: 'mine' });
    expect(refusal('search:mine', { scheduler: { steps: 4 } }).message).toBe(
      'The search "mine" was made for steps 2, but the row has steps 4.',
    );
    expect(refusal('search:mine', { scheduler: { type: 'lcm', steps: 2 } }).message).toContain('was made for type tcd');
    addSearch('running');
    expect(refusal('search:running')).toMatchObject({
      message: 'The search "running" is running: it does not have a finalist yet.',
      hint: 'Finish it: npx qsched resume running',
    });
    expect(refusal('search:mune').hint).toContain('Did you mean "mine"?');
  });

  test('of an id may be named by the beginning of the id', () => {
    const { id } = storeSchedule(store, document('file'));
    expect(resolve(`schedule:${id.slice(0, 8)}`)).toEqual({ coefficients: FINALIST, source: id });
    expect(refusal(`schedule:${id.slice(0, 8)}`, { scheduler: { steps: 2, eta: 0.3 } }).message).toContain(
      'was made for eta 0, but the row has eta 0.3',
    );
    expect(refusal(`schedule:${'0'.repeat(64)}`).hint).toContain('npx qsched schedules');
  });
});

describe('a run', () => {
  const row = { objective: 1 } as EvaluatedRow;
  const result = {
    evaluateId: 'one',
    rows: [row, row, row],
    prompts: { set: 's', count: 2, seeds: [1], sha256: '' },
    objective: parseEvaluateSpec({ rows: [{ model: 'm' }] }).objective,
    generated: 4,
    reused: 0,
    warnings: [],
  };
  const open = (id: string) => openRun(store, { id, kind: 'evaluate', name: '3 rows', spec: { rows: [] } });

  test('is open, then finished with its result, Holm-adjusted', () => {
    open('one');
    expect(findRun(store, 'one')).toMatchObject({ status: 'running', spec: { rows: [] }, result: null });
    const complete = finishEvaluate(store, { result, pValues: [null, 0.03, 0.02] });
    expect(complete.rows.map(({ pHolm }) => pHolm)).toEqual([null, 0.04, 0.04]);
    expect(complete.seconds).toBeGreaterThanOrEqual(0);
    expect(findRun(store, 'one')).toMatchObject({ status: 'finished', result: complete });
    expect(finishEvaluate(store, { result, pValues: [null, 0.03, 0.02] }).rows).toEqual(complete.rows);
  });

  const gain = {
    scorer: 'objective',
    prompts: 30,
    identity: 1,
    calibrated: 1.5,
    gain: 0.5,
    percentile: { low: 0.3, high: 0.7 },
    studentised: { low: 0.25, high: 0.65 },
    probabilityOfGain: 1,
  };
  const full = {
    model: 'm',
    precision: 'w4a8',
    scheduler: 'tcd',
    steps: 2,
    eta: 0.3,
    schedule: 'q-sched',
    coefficients: FINALIST,
    images: 30,
    failed: 1,
    objective: 1.5,
    objectiveLow: 1.4,
    objectiveHigh: 1.6,
    tc: 0.5,
    iq: 0.5,
    clipScore: 20,
    clipScoreLow: 19,
    clipScoreHigh: 21,
    fid: 3,
    fidLow: 2,
    fidHigh: 4,
    fidFeatures: 'second',
    fidSd: 1,
    kid: 0.1,
    cmmd: 0.2,
    gains: [{ ...gain, low: 0.2, high: 0.8 }],
    recommend: 'calibrated',
    records: ['a', 'b'],
  };

  test('is rows of a view, of which each leads to its images', () => {
    open('one');
    expect(store.select().from(evaluationRows).all()).toEqual([]);
    const rows = [{ ...full, schedule: 'identity', gains: [], recommend: null }, full] as unknown as EvaluatedRow[];
    finishEvaluate(store, { result: { ...result, rows }, pValues: [null, 0.01] });
    const { coefficients: _, gains: __, recommend: ___, records: ____, ...numbers } = full;
    const [baseline, finalist] = store.select().from(evaluationRows).all();
    expect(finalist).toEqual({
      ...numbers,
      runId: 'one',
      kind: 'evaluate',
      name: '3 rows',
      status: 'finished',
      updatedAt: expect.any(String) as string,
      position: 1,
      sample: '[0.9,1]',
      noise: '[1,1.1]',
      gain: 0.5,
      gainLow: 0.2,
      gainHigh: 0.8,
      verdict: 'calibrated',
      pHolm: 0.01,
      records: '["a","b"]',
    });
    expect(baseline).toMatchObject({ position: 0, schedule: 'identity', gain: null, gainLow: null, verdict: null });
  });

  test('of 0.1.0, whose gains have no low and high, gets them when it is read, and in the view', () => {
    open('one');
    const rows = [{ ...full, gains: [gain], records: undefined }] as unknown as EvaluatedRow[];
    finishEvaluate(store, { result: { ...result, rows }, pValues: [0.01] });
    expect(findRun(store, 'one')!.result).toMatchObject({ rows: [{ gains: [{ ...gain, low: 0.25, high: 0.7 }] }] });
    expect(store.select().from(evaluationRows).all()).toMatchObject([
      { gain: 0.5, gainLow: 0.25, gainHigh: 0.7, records: null },
    ]);
  });

  test('that failed has the reason, and loses it when it continues', () => {
    open('one');
    closeRun(store, 'one', { status: 'failed', message: 'no worker' });
    expect(findRun(store, 'one')).toMatchObject({ status: 'failed', message: 'no worker' });
    open('one');
    expect(findRun(store, 'one')).toMatchObject({ status: 'running', message: null });
  });

  test('keeps its table until the next one', () => {
    open('one');
    const { rows } = finishEvaluate(store, { result, pValues: [null, 0.03, 0.02] });
    open('one');
    expect(findRun(store, 'one')).toMatchObject({ status: 'running', result: { rows } });
    closeRun(store, 'one', { status: 'cancelled', message: 'by hand' });
    expect(findRun(store, 'one')).toMatchObject({ status: 'cancelled', message: 'by hand', result: { rows } });
  });

  test('is listed, the latest first', () => {
    open('one');
    store.update(runs).set({ createdAt: '2020-01-01T00:00:00.000Z' }).where(eq(runs.id, 'one')).run();
    open('two');
    expect(listRuns(store).map(({ id }) => id)).toEqual(['two', 'one']);
    expect(findRun(store, 'three')).toBeUndefined();
  });
});

describe('input of confirm', () => {
  test('is the gain on the calibration images', () => {
    addSearch('s', { finalist: FINALIST });
    expect(calibrationGain(store, 's', FINALIST)).toBeNull();
    const add = (
      number: number,
      stage: 'calibration' | 'select',
      coefficients: typeof FINALIST,
      score: number | null,
    ): void => {
      store
        .insert(candidates)
        .values({ id: candidateId(coefficients), sample: '[]', noise: '[]' })
        .onConflictDoNothing()
        .run();
      store
        .insert(trials)
        .values({
          searchId: 's',
          stage,
          number,
          candidateId: candidateId(coefficients),
          point: '[]',
          status: score === null ? 'failed' : 'ok',
          score,
        })
        .run();
    };
    add(0, 'calibration', { sample: [1, 1], noise: [1, 1] }, 2);
    expect(calibrationGain(store, 's', FINALIST)).toBeNull();
    add(1, 'calibration', FINALIST, 2.5);
    add(1, 'select', FINALIST, 9);
    expect(calibrationGain(store, 's', FINALIST)).toBe(0.5);
  });

  test('are the prompts with which the finalist was chosen, without the held-out ones', () => {
    addSearch('s', { finalist: FINALIST });
    (['calibration', 'select', 'confirm'] as const).forEach((split) => {
      store
        .insert(prompts)
        .values({ id: promptId(split), text: split })
        .run();
      store
        .insert(searchPrompts)
        .values({ searchId: 's', split, position: 0, promptId: promptId(split) })
        .run();
    });
    expect([...seenPrompts(store, 's')].sort()).toEqual(['calibration', 'select']);
  });
});

describe('prompts with which the coefficients of a row were chosen', () => {
  const TEXTS = ['calibration', 'select', 'confirm', 'nobody saw this'];
  const seenOf = (schedule: string) =>
    resolveRows(
      store,
      parseEvaluateSpec({ rows: [{ model: 'm', scheduler: { steps: 2 }, schedule }], prompts: { texts: TEXTS } }),
    )[0]!.seen;
  const stored = (kind: CompleteSchedule['kind'], own: { a?: number; searchId?: string }) =>
    storeSchedule(store, { ...document(kind, own), ...(own.searchId === undefined ? {} : { searchId: own.searchId }) })
      .id;

  beforeEach(() => {
    addSearch('s', { finalist: FINALIST });
    (['calibration', 'select', 'confirm'] as const).forEach((split) => {
      store
        .insert(prompts)
        .values({ id: promptId(split), text: split })
        .run();
      store
        .insert(searchPrompts)
        .values({ searchId: 's', split, position: 0, promptId: promptId(split) })
        .run();
    });
  });

  test('count for a fit that used them', () => {
    addFit(store, fit({}, 0.4, ['confirm', 'elsewhere']));
    expect(seenOf('ptqd')).toBe(1);
  });

  test('are those of the search', () => {
    expect([seenOf('search:s'), seenOf('q-sched')]).toEqual([2, 2]);
  });

  test('are those of every search that a stored schedule came from', () => {
    const own = stored('file', { a: 0.4 });
    expect(seenOf(`schedule:${own}`)).toBeUndefined();
    expect(stored('q-sched', { a: 0.4, searchId: 's' })).toBe(own);
    expect(seenOf(`schedule:${own}`)).toBe(2);
  });

  test("are none for a search's baseline: no search chose it", () => {
    expect(seenOf(`schedule:${stored('identity', { a: 0.3, searchId: 's' })}`)).toBeUndefined();
  });
});
