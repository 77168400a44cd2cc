/**
 * The evaluate workflow on a real server with fake images: what it asks for, how often, and its ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findRun } from '../../db/runs.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import type {
  EvaluateProgress,
  PrepareEvaluateRequest,
  PreparedNetwork,
  RenderRequest,
  RenderResult,
  SummariseRequest,
  SummariseResult,
} from '../../contract/evaluate-payloads.js';
import type { EvaluatedRow, EvaluateResult, EvaluateSpecInput } from '../../contract/evaluate-spec.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import { createWorld, NOWHERE, SCORE_QUEUE, SERVED, type FakeWorld } from './fake-world.js';

const HAND = { name: 'by-hand', coefficients: { sample: [0.9, 1], noise: [1, 1.1] } };
const row = (
  precision: string,
  schedule: EvaluateSpecInput['rows'][number]['schedule'] = 'identity',
  more: object = {},
) => ({ model: SERVED!, precision, scheduler: { steps: 2 }, schedule, ...more });
const SPEC: EvaluateSpecInput = {
  rows: [row('fp32'), row('w4a8'), row('w4a8', HAND)],
  prompts: { count: 250, seeds: [7] },
};

let world: FakeWorld;
let prepared: PrepareEvaluateRequest[];
let renders: RenderRequest[];
let summaries: SummariseRequest[];
/** Renders under way now, and at most. */
let outstanding: { now: number; most: number };
let renderBy: (request: RenderRequest, signal: AbortSignal) => Promise<Partial<RenderResult>>;
let summariseBy: (request: SummariseRequest) => Partial<SummariseResult>;

const nameOf = ({ prepared: { precision }, schedule: { coefficients }, from, to }: RenderRequest): string =>
  `${precision} ${coefficients.sample[0]} ${from}-${to}`;

async function prepareEvaluate(request: PrepareEvaluateRequest): Promise<PreparedNetwork> {
  prepared.push(request);
  const {
    model,
    precision,
    scheduler,
    prompts: { set, texts, count, seeds },
  } = request;
  return {
    model,
    precision,
    scheduler,
    scoreQueue: model === NOWHERE ? 'qsched-score-nobody' : SCORE_QUEUE,
    network: `network ${precision}`,
    numeric: precision === 'elsewhere' ? 'provider cuda' : 'provider cpu',
    notes: [],
    scorers: [
      {
        role: 'objective',
        name: 'clip',
        kind: 'clip',
        names: ['cosine'],
        fingerprint: precision === 'rescored' ? 'g' : 'f',
      },
    ],
    features: null,
    objective: planObjective(request.objective),
    objectiveScorer: 'objective',
    outside: [],
    prompts: {
      set: texts === undefined ? set : null,
      texts: texts ?? null,
      count: texts?.length ?? count,
      sha256: 'texts',
      nounsSha256: null,
      seeds,
    },
  };
}

async function render(request: RenderRequest, { signal }: { signal: AbortSignal }): Promise<RenderResult> {
  renders.push(request);
  outstanding.now += 1;
  outstanding.most = Math.max(outstanding.most, outstanding.now);
  try {
    return {
      record: nameOf(request),
      drawn: request.to - request.from,
      reused: 0,
      failed: [],
      damaged: 0,
      seconds: 0,
      ...(await renderBy(request, signal)),
    };
  } finally {
    outstanding.now -= 1;
  }
}

async function summarise(request: SummariseRequest): Promise<SummariseResult> {
  summaries.push(request);
  const {
    prepared: { model, precision, scheduler },
    label,
    schedule: { coefficients },
    promptCount,
  } = request;
  const made: EvaluatedRow = {
    model,
    precision,
    scheduler: scheduler.type,
    steps: scheduler.steps,
    eta: scheduler.eta,
    schedule: label,
    coefficients,
    images: promptCount,
    failed: 0,
    fid: null,
    fidLow: null,
    fidHigh: null,
    fidFeatures: null,
    fidSd: null,
    kid: null,
    cmmd: null,
    clipScore: null,
    clipScoreLow: null,
    clipScoreHigh: null,
    objective: 1,
    objectiveLow: null,
    objectiveHigh: null,
    tc: 1,
    iq: 0,
    scores: {},
    gains: [],
    fidGain: null,
    recommend: null,
    pHolm: null,
  };
  return { row: made, pValue: null, warnings: [], missing: [], ...summariseBy(request) };
}

beforeAll(async () => {
  world = await createWorld([], { prepareEvaluate, draw: { render, summarise } });
});
afterAll(async () => {
  await world.close();
});
beforeEach(() => {
  [prepared, renders, summaries, outstanding] = [[], [], [], { now: 0, most: 0 }];
  renderBy = async () => ({});
  summariseBy = () => ({});
});

const start = (id: string, spec: unknown) =>
  world.env.client.workflow.start('evaluate', { taskQueue: WORKFLOW_QUEUE, workflowId: id, args: [spec] });
const run = async (id: string, spec: EvaluateSpecInput): Promise<EvaluateResult> =>
  (await (await start(id, spec)).result()) as EvaluateResult;

async function failureOf(id: string, spec: unknown): Promise<ApplicationFailure> {
  const error: unknown = await start(id, spec)
    .then((handle) => handle.result())
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  const { cause } = error as WorkflowFailedError;
  expect(cause).toBeInstanceOf(ApplicationFailure);
  return cause as ApplicationFailure;
}

describe('an evaluation', () => {
  it('draws every image of every row once, and stores its table', async () => {
    const result = await run('plain', SPEC);
    expect(result).toMatchObject({
      evaluateId: 'plain',
      drawn: 750,
      reused: 0,
      warnings: [],
      prompts: { set: 'shapes-eval', count: 250, seeds: [7], sha256: 'texts' },
    });
    expect(
      result.rows.map(({ precision, schedule, coefficients }) => [precision, schedule, coefficients.sample[0]]),
    ).toEqual([
      ['fp32', 'identity', 1],
      ['w4a8', 'identity', 1],
      ['w4a8', 'by-hand', 0.9],
    ]);
    expect(prepared.map(({ precision }) => precision).sort()).toEqual(['fp32', 'w4a8']);
    const names = renders.map(nameOf);
    expect(new Set(names).size).toBe(9);
    expect([...names].sort()).toEqual([
      'fp32 1 0-100',
      'fp32 1 100-200',
      'fp32 1 200-250',
      'w4a8 0.9 0-100',
      'w4a8 0.9 100-200',
      'w4a8 0.9 200-250',
      'w4a8 1 0-100',
      'w4a8 1 100-200',
      'w4a8 1 200-250',
    ]);
    expect(findRun(world.store, 'plain')).toMatchObject({
      kind: 'evaluate',
      status: 'finished',
      message: null,
      result,
    });
  });

  it('sums every row up beside the identity of its network and the full-precision one', async () => {
    await run('summed', SPEC);
    const about = summaries.map(({ label, prepared: { precision }, records, identity, full }) => [
      precision,
      label,
      records[0],
      identity?.[0] ?? null,
      full?.[0] ?? null,
    ]);
    expect(about.sort((a, b) => String(a).localeCompare(String(b)))).toEqual([
      ['fp32', 'identity', 'fp32 1 0-100', null, null],
      ['w4a8', 'by-hand', 'w4a8 0.9 0-100', 'w4a8 1 0-100', 'fp32 1 0-100'],
      ['w4a8', 'identity', 'w4a8 1 0-100', null, 'fp32 1 0-100'],
    ]);
    expect(summaries.every(({ records }) => records.length === 3)).toBe(true);
  });

  it('compares with no row of another scheduler', async () => {
    await run('apart', { ...SPEC, rows: [row('fp32'), row('w4a8', HAND, { scheduler: { steps: 2, eta: 0.3 } })] });
    expect(summaries.map(({ identity, full }) => [identity, full])).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  it.each([
    ['elsewhere', /would mix arithmetic: .* has provider cpu; .* has provider cuda/],
    ['rescored', /would mix scorers: "objective"/],
  ])('makes no table of rows that cannot be compared: %s', async (precision, message) => {
    const failure = await failureOf(`mixed-${precision}`, { ...SPEC, rows: [row('w4a8'), row(precision)] });
    expect(failure.message).toMatch(message);
    expect(renders).toEqual([]);
  });

  it('draws a schedule once that two rows call by other names', async () => {
    const { rows } = await run('labels', {
      ...SPEC,
      rows: [row('w4a8', HAND), row('w4a8', { ...HAND, name: 'the-same' }), row('w4a8', HAND, { label: 'once more' })],
    });
    expect(rows.map(({ schedule }) => schedule)).toEqual(['by-hand', 'the-same', 'once more']);
    expect(renders).toHaveLength(3);
  });

  it('asks for at most 24 shards at a time, and for few in all', async () => {
    renderBy = async () => {
      await sleep(5);
      return {};
    };
    const result = await run('large', {
      ...SPEC,
      rows: SPEC.rows.slice(0, 1),
      prompts: { count: 10_000, seeds: [1, 2] },
    });
    expect(renders).toHaveLength(200);
    expect(outstanding.most).toBeLessThanOrEqual(24);
    expect(result.drawn).toBe(20_000);
  });

  it('sends texts of the spec to the shard that draws them alone', async () => {
    const texts = Array.from({ length: 120 }, (_, i) => `prompt ${i}`);
    await run('texts', { ...SPEC, rows: SPEC.rows.slice(0, 1), prompts: { texts, seeds: [1, 2, 3] } });
    const drawn = renders
      .sort((a, b) => Number(a.split.texts![0]!.slice(7)) - Number(b.split.texts![0]!.slice(7)))
      .flatMap(({ split, from, to }) =>
        split.texts!.flatMap((text) => split.seeds.map((seed) => `${text}|${seed}`)).slice(from, to),
      );
    expect(drawn).toEqual(texts.flatMap((text) => [1, 2, 3].map((seed) => `${text}|${seed}`)));
  });

  it("corrects for several comparisons by Holm, and hands the rows' warnings on, each once", async () => {
    summariseBy = ({ label }) => ({
      pValue: { a: 0.01, b: 0.04, identity: null }[label] ?? null,
      warnings: ['few images', `of ${label}`],
    });
    const { rows, warnings } = await run('holm', {
      ...SPEC,
      rows: [row('w4a8'), row('w4a8', { ...HAND, name: 'a' }), row('w4a8', { ...HAND, name: 'b' })],
    });
    expect(rows.map(({ pHolm }) => pHolm)).toEqual([null, 0.02, 0.04]);
    expect(warnings).toEqual(['few images', 'of identity', 'of a', 'of b']);
  });

  it('says what was damaged, and what failed', async () => {
    renderBy = async ({ from }) =>
      from === 100 ? { damaged: 2, drawn: 2, reused: 98 } : { failed: [{ reason: 'black', count: 3 }] };
    const handle = await start('damaged', { ...SPEC, rows: SPEC.rows.slice(0, 1) });
    const { drawn, reused, warnings } = (await handle.result()) as EvaluateResult;
    expect([drawn, reused]).toEqual([152, 98]);
    expect(warnings).toEqual(['Damaged artefacts of fake fp32 were removed and made again: 2.']);
    expect(await handle.query<EvaluateProgress>('progress')).toEqual({
      status: 'finished',
      stage: 'finished',
      rows: 1,
      images: 250,
      done: 250,
      drawn: 152,
      reused: 98,
      failed: 6,
      summarised: 1,
    });
  });

  it('makes those shards again whose artefacts have gone before they were summed up', async () => {
    const gone = new Set(['w4a8 1 100-200']);
    summariseBy = ({ records }) => ({ missing: records.filter((record) => gone.delete(record)) });
    const { warnings } = await run('gone', SPEC);
    expect(renders).toHaveLength(10);
    expect(nameOf(renders.at(-1)!)).toBe('w4a8 1 100-200');
    expect(warnings).toEqual([expect.stringContaining('were made again') as unknown]);
  });
});

describe('it fails', () => {
  it('with the sentence of the command line for wrong input, and stores nothing', async () => {
    const failure = await failureOf('wrong', { rows: [row('w4a8', 'best' as never)] });
    expect(failure).toMatchObject({
      type: 'usage',
      nonRetryable: true,
      message: expect.stringMatching(/^rows\.0\.schedule is "best": must be identity/) as unknown,
    });
    expect(findRun(world.store, 'wrong')).toBeUndefined();
  });

  it.each([
    [
      'ptqd',
      'There is no PTQD fit of fake w4a8 with tcd, 2 steps and eta 0. Make one: npx qsched ptqd --model fake --precision w4a8 --scheduler tcd --steps 2 --eta 0',
    ],
    [
      'q-sched',
      'No search of fake w4a8 with tcd, 2 steps and eta 0 has finished yet. Run one: npx qsched search --model fake',
    ],
    ['search:nothing', 'There is no search "nothing".'],
    ['schedule:abcd', 'There is no schedule whose id begins with "abcd".'],
  ] as const)(
    'where %s stands for nothing, with the command that would make it, and draws nothing',
    async (schedule, message) => {
      const failure = await failureOf(`absent-${schedule}`, { ...SPEC, rows: [row('w4a8', schedule)] });
      expect(failure).toMatchObject({
        type: 'usage',
        nonRetryable: true,
        message: expect.stringContaining(message) as unknown,
      });
      expect(findRun(world.store, `absent-${schedule}`)).toMatchObject({ status: 'failed', message: failure.message });
      expect(renders).toEqual([]);
    },
  );

  it.each([
    ['serves the model', 'nobody'],
    ['draws its images', NOWHERE!],
  ])('when nobody %s within waitForWorker, with the command that starts a worker', async (_, model) => {
    const failure = await failureOf(`waiting-${model}`, {
      ...SPEC,
      rows: [{ ...row('w4a8'), model }],
      waitForWorker: 1,
    });
    expect(failure).toMatchObject({
      type: 'failure',
      nonRetryable: true,
      message: expect.stringMatching(/No worker served the queue in time\..*npx qsched worker/) as unknown,
    });
    expect(findRun(world.store, `waiting-${model}`)?.status).toBe('failed');
  });

  it('for a model that neither a worker nor this machine has, at once', async () => {
    const failure = await failureOf('unknown', { ...SPEC, rows: [{ ...row('w4a8'), model: 'nosuchmodel' }] });
    expect(failure).toMatchObject({
      type: 'usage',
      message: expect.stringContaining('There is no model "nosuchmodel".') as unknown,
    });
    expect(findRun(world.store, 'unknown')).toBeUndefined();
  });

  it('where a shard cannot be drawn, and asks for no more of them', async () => {
    renderBy = async ({ from }) => {
      if (from === 0) {
        throw ApplicationFailure.create({ message: 'The features are wrong.', type: 'usage', nonRetryable: true });
      }
      await sleep(300);
      return {};
    };
    const failure = await failureOf('broken', { ...SPEC, prompts: { count: 10_000 } });
    expect(failure).toMatchObject({ type: 'usage', message: 'The features are wrong.' });
    expect(findRun(world.store, 'broken')).toMatchObject({ status: 'failed', message: 'The features are wrong.' });
    expect(renders.length).toBeLessThan(60);
  });

  it('where artefacts keep going away, with what to do', async () => {
    summariseBy = ({ records }) => ({ missing: records.slice(0, 1) });
    const failure = await failureOf('scattered', { ...SPEC, rows: SPEC.rows.slice(0, 1) });
    expect(failure.message).toMatch(
      /Artefacts of row 1 are not in the folder .* set QSCHED_ARTEFACTS to a shared folder/,
    );
    expect(renders).toHaveLength(3 + 2);
  });

  it('when it is cancelled, and says so', async () => {
    renderBy = (_, signal) =>
      new Promise((__, refuse) => {
        signal.addEventListener('abort', () => refuse(new Error('aborted')));
      });
    const handle = await start('cancelled', SPEC);
    while (renders.length === 0) await sleep(20);
    expect(await handle.query<EvaluateProgress>('progress')).toMatchObject({
      status: 'running',
      stage: 'render',
      rows: 3,
      images: 750,
      done: 0,
    });
    await handle.cancel();
    const error: unknown = await handle.result().catch((reason: unknown) => reason);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect(findRun(world.store, 'cancelled')?.status).toBe('cancelled');
  });
});
