/**
 * The evaluate workflow on a real server with fake images: what it asks for, how often, and its ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hashOf } from '../../artefacts/artefact-keys.js';
import { findRun } from '../../db/runs.js';
import type { EvaluateProgress, SummariseRequest, SummariseResult } from '../../contract/evaluate-payloads.js';
import type { DescribeRequest, NetworkDescription } from '../../contract/wire/describe.js';
import type { CompareRequest, CompareResult } from '../../contract/wire/compare.js';
import type { RenderRequest, RenderResult } from '../../contract/wire/render.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import type { EvaluatedRow, EvaluateResult, EvaluateSpecInput } from '../../contract/evaluate-spec.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import { readPromptSet } from '../../inference/prompts/prompt-sets.js';
import { createWorld, described as describedNetwork, NOWHERE, SERVED, type FakeWorld } from './fake-world.js';

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
let described: DescribeRequest[];
let renders: RenderRequest[];
let compares: CompareRequest[];
let summaries: SummariseRequest[];
/** Renders under way now, and at most. */
let outstanding: { now: number; most: number };
let renderBy: (request: RenderRequest, signal: AbortSignal) => Promise<Partial<RenderResult>>;
let summariseBy: (request: SummariseRequest) => Partial<SummariseResult>;

/** The network, the first coefficient, and the place of the first image: prompts of a set are numbered by PROMPTS. */
const nameOf = (request: RenderRequest): string => {
  const { network, coefficients } = request;
  return `${network.precision} ${coefficients.sample[0]} ${placesOf(request)[0]}`;
};
const PROMPTS = new Map(readPromptSet('shapes-eval').map(({ text }, i) => [text, i]));
/** Places of a request's images, for sets with one seed. */
const placesOf = ({ prompts, pairs }: RenderRequest): number[] =>
  pairs.map(([prompt]) => PROMPTS.get(prompts[prompt]!.text)!);
/** Every image that was asked for: network, coefficient, place. */
const imagesOf = (requests: readonly RenderRequest[]): string[] =>
  requests.flatMap((request) => {
    const { network, coefficients } = request;
    return placesOf(request).map((place) => `${network.precision} ${coefficients.sample[0]} ${place}`);
  });
const everyImage = (precision: string, coefficient: number, count: number): string[] =>
  Array.from({ length: count }, (_, place) => `${precision} ${coefficient} ${place}`);

function describeNetwork(request: DescribeRequest): Partial<NetworkDescription> {
  described.push(request);
  const { precision } = request;
  if (precision === 'elsewhere') return { numeric: { provider: 'cuda', onnxruntime: '1', batch: 20 } };
  if (precision !== 'rescored') return {};
  const { scorers } = describedNetwork(request);
  return { scorers: scorers.map((scorer) => ({ ...scorer, provenance: { version: 2 } })) };
}

async function render(request: RenderRequest, { signal }: { signal: AbortSignal }): Promise<RenderResult> {
  renders.push(request);
  outstanding.now += 1;
  outstanding.most = Math.max(outstanding.most, outstanding.now);
  try {
    return {
      version: WIRE_VERSION,
      record: nameOf(request),
      generated: request.pairs.length,
      reused: 0,
      failed: [],
      damaged: 0,
      worker: 'fake',
      seconds: 1,
      runtimeSeconds: 1,
      denoiserRows: 0,
      paddedRows: 0,
      ...(await renderBy(request, signal)),
    };
  } finally {
    outstanding.now -= 1;
  }
}

/** Records that a comparison finds gone. */
let missingOf: (request: CompareRequest) => string[];

async function compare(request: CompareRequest): Promise<CompareResult> {
  compares.push(request);
  const missing = missingOf(request);
  return {
    version: WIRE_VERSION,
    record: missing.length > 0 ? null : `${request.candidate[0]} from ${request.from}`,
    compared: request.to - request.from,
    reused: 0,
    failed: [],
    missing,
    worker: 'fake',
    seconds: 1,
    runtimeSeconds: 1,
    denoiserRows: 0,
    paddedRows: 0,
  };
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
    records: request.records,
  };
  return { row: made, pValue: null, warnings: [], missing: [], ...summariseBy(request) };
}

beforeAll(async () => {
  world = await createWorld([], { render, compare, summarise, describe: describeNetwork });
});
afterAll(async () => {
  await world.close();
});
beforeEach(() => {
  [described, renders, compares, summaries, outstanding] = [[], [], [], [], { now: 0, most: 0 }];
  missingOf = () => [];
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
  it('renders every image of every row once, and stores its table', async () => {
    const result = await run('plain', SPEC);
    expect(result).toMatchObject({
      evaluateId: 'plain',
      generated: 750,
      reused: 0,
      warnings: [],
      prompts: { set: 'shapes-eval', count: 250, seeds: [7] },
    });
    expect(
      result.rows.map(({ precision, schedule, coefficients }) => [precision, schedule, coefficients.sample[0]]),
    ).toEqual([
      ['fp32', 'identity', 1],
      ['w4a8', 'identity', 1],
      ['w4a8', 'by-hand', 0.9],
    ]);
    expect(described.map(({ precision }) => precision).sort()).toEqual(['fp32', 'w4a8']);
    expect(imagesOf(renders).sort()).toEqual(
      [...everyImage('fp32', 1, 250), ...everyImage('w4a8', 1, 250), ...everyImage('w4a8', 0.9, 250)].sort(),
    );
    expect(renders.every(({ pairs }) => pairs.every(([, seed]) => seed === 7))).toBe(true);
    expect(result.rows.map(({ records }) => String(records)).sort()).toEqual(
      summaries.map(({ records }) => String(records)).sort(),
    );
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
      ['fp32', 'identity', 'fp32 1 0', null, null],
      ['w4a8', 'by-hand', 'w4a8 0.9 0', 'w4a8 1 0', 'fp32 1 0'],
      ['w4a8', 'identity', 'w4a8 1 0', null, 'fp32 1 0'],
    ]);
    // Records are in the order of their images, however they came back.
    for (const { records } of summaries) {
      const places = records.map((record) => Number(record.split(' ').at(-1)));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(places[0]).toBe(0);
    }
  });

  it('compares with no row of another scheduler', async () => {
    await run('apart', { ...SPEC, rows: [row('fp32'), row('w4a8', HAND, { scheduler: { steps: 2, eta: 0.3 } })] });
    expect(summaries.map(({ identity, full }) => [identity, full])).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  it.each([
    ['elsewhere', /would mix arithmetic: .* has provider cpu,.*; .* has provider cuda/],
    ['rescored', /would mix scorers: "objective"/],
  ])('makes no table of rows that cannot be compared: %s', async (precision, message) => {
    const failure = await failureOf(`mixed-${precision}`, { ...SPEC, rows: [row('w4a8'), row(precision)] });
    expect(failure.message).toMatch(message);
    expect(renders).toEqual([]);
  });

  it('renders a schedule once that two rows call by other names', async () => {
    const { rows } = await run('labels', {
      ...SPEC,
      rows: [row('w4a8', HAND), row('w4a8', { ...HAND, name: 'the-same' }), row('w4a8', HAND, { label: 'once more' })],
    });
    expect(rows.map(({ schedule }) => schedule)).toEqual(['by-hand', 'the-same', 'once more']);
    expect(imagesOf(renders).sort()).toEqual(everyImage('w4a8', 0.9, 250).sort());
  });

  it('asks for as many shards as the workers can use, and for few in all', async () => {
    renderBy = async ({ pairs }) => {
      await sleep(2);
      return { seconds: pairs.length / 1000 };
    };
    const rows = [row('w4a8'), row('w4a8', HAND), row('w4a6'), row('w4a6', HAND)];
    const result = await run('large', { ...SPEC, rows, prompts: { count: 2000, seeds: [1, 2] } });
    expect(result.generated).toBe(16_000);
    expect(renders.length).toBeLessThan(150);
    expect(outstanding.most).toBeLessThanOrEqual(6);
  });

  it('sends a shard the texts that it needs alone', async () => {
    const texts = Array.from({ length: 120 }, (_, i) => `prompt ${i}`);
    await run('texts', { ...SPEC, rows: SPEC.rows.slice(0, 1), prompts: { texts, seeds: [1, 2, 3] } });
    const asked = renders.flatMap(({ prompts, pairs }) =>
      pairs.map(([prompt, seed]) => `${prompts[prompt]!.text}|${seed}`),
    );
    expect(asked.sort()).toEqual(texts.flatMap((text) => [1, 2, 3].map((seed) => `${text}|${seed}`)).sort());
    for (const { prompts, pairs } of renders) {
      expect(new Set(pairs.map(([prompt]) => prompt)).size).toBe(prompts.length);
    }
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
    renderBy = async (request) =>
      placesOf(request)[0] === 0
        ? { damaged: 2, generated: 2, reused: request.pairs.length - 2, failed: [{ reason: 'black', count: 3 }] }
        : {};
    const handle = await start('damaged', { ...SPEC, rows: SPEC.rows.slice(0, 1) });
    const { generated, reused, warnings } = (await handle.result()) as EvaluateResult;
    expect([generated, reused]).toEqual([232, 18]);
    expect(warnings).toEqual(['Damaged artefacts of fake fp32 were removed and made again: 2.']);
    expect(await handle.query<EvaluateProgress>('progress')).toEqual({
      status: 'finished',
      stage: 'finished',
      rows: 1,
      images: 250,
      done: 250,
      generated: 232,
      reused: 18,
      failed: 3,
      summarised: 1,
      secondsLeft: null,
    });
  });

  it('makes those shards again whose artefacts have gone before they were summed up', async () => {
    const gone = new Set(['w4a8 1 0']);
    summariseBy = ({ records }) => ({ missing: records.filter((record) => gone.delete(record)) });
    const { warnings } = await run('gone', SPEC);
    expect(nameOf(renders.at(-1)!)).toBe('w4a8 1 0');
    expect(renders.filter((request) => nameOf(request) === 'w4a8 1 0')).toHaveLength(2);
    expect(new Set(imagesOf(renders)).size).toBe(750);
    expect(warnings).toEqual([expect.stringContaining('were made again') as unknown]);
  });
});

describe('a person', () => {
  const update = (id: string, name: string, input?: unknown): Promise<string> =>
    world.env.client.workflow.getHandle(id).executeUpdate<string, [unknown]>(name, { args: [input] });
  const refusal = async (call: Promise<unknown>): Promise<string> => {
    const error: unknown = await call.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
    return (error as WorkflowUpdateFailedError).cause!.message;
  };
  const untilQuiet = async (id: string): Promise<void> => {
    const handle = world.env.client.workflow.getHandle(id);
    while (((await handle.describe()).raw.pendingActivities ?? []).length > 0) await sleep(50);
  };

  it('holds it and lets it go: what is under way is finished, nothing more is given out, and the table is the same', async () => {
    const undisturbed = await run('not-held', SPEC);
    renders = [];
    let release: () => void = () => undefined;
    const gate = new Promise<void>((done) => {
      release = done;
    });
    renderBy = async () => {
      await gate;
      return {};
    };
    const handle = await start('held', SPEC);
    while (renders.length === 0) await sleep(20);
    expect(await refusal(update('held', 'unpause'))).toBe(
      'The evaluation held is not paused. Pause it: npx qsched pause held',
    );
    expect(await update('held', 'pause')).toMatch(/npx qsched unpause held/);
    release();
    await untilQuiet('held');
    const { length } = renders;
    expect(length).toBeLessThan(8);
    expect(findRun(world.store, 'held')?.status).toBe('paused');
    expect(await handle.query<EvaluateProgress>('progress')).toMatchObject({ paused: true, stage: 'render' });
    const { currentDetails } = (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata'))!;
    expect(currentDetails).toMatch(/^### \*\*Paused\.\*\* 3 rows of fake/);
    expect(currentDetails).toContain('npx qsched unpause held');
    expect(await refusal(update('held', 'pause'))).toBe(
      'The evaluation held is paused already. Continue it: npx qsched unpause held',
    );
    expect(await refusal(update('held', 'priority', 9))).toMatch(
      /^The priority is 9: it must be a whole number from 1/,
    );
    expect(await update('held', 'priority', 1)).toBe('What is scored from now on has priority 1.');
    expect(renders).toHaveLength(length);
    await update('held', 'unpause');
    const result = (await handle.result()) as EvaluateResult;
    // How its images are cut follows the pace; what they are does not.
    const plain = ({ rows, ...rest }: EvaluateResult) => ({
      ...rest,
      evaluateId: '',
      seconds: 0,
      rows: rows.map((one) => ({ ...one, records: [] })),
    });
    expect(plain(result)).toEqual(plain(undisturbed));
    expect(imagesOf(renders).sort()).toEqual(
      [...everyImage('fp32', 1, 250), ...everyImage('w4a8', 1, 250), ...everyImage('w4a8', 0.9, 250)].sort(),
    );
    expect(findRun(world.store, 'held')?.status).toBe('finished');
    const { events } = await handle.fetchHistory();
    const keys = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: event }) =>
      event?.activityType?.name === 'render' ? [event.priority?.priorityKey ?? 0] : [],
    );
    expect(keys[0]).toBe(0);
    expect(keys.at(-1)).toBe(1);
  });

  it('holds it before it has begun', async () => {
    const handle = await start('held-early', SPEC);
    await update('held-early', 'pause');
    while (findRun(world.store, 'held-early')?.status !== 'paused') await sleep(20);
    await untilQuiet('held-early');
    expect(renders).toEqual([]);
    await update('held-early', 'unpause');
    expect(((await handle.result()) as EvaluateResult).generated).toBe(750);
  });
});

describe('pairwise scores', () => {
  const PAIRED: EvaluateSpecInput = { ...SPEC, pairwise: ['psnr', 'clip-image'] };
  const FULL = hashOf('fp32 1 0');
  const [PLAIN, CALIBRATED] = [hashOf('w4a8 1 0'), hashOf('w4a8 0.9 0')];
  beforeEach(() => {
    renderBy = async (request) => ({ record: hashOf(nameOf(request)) });
  });

  it('compare every other row with full precision, in runs of pairs', async () => {
    await run('paired', PAIRED);
    expect(compares.every(({ reference }) => reference[0] === FULL)).toBe(true);
    expect(compares.map(({ candidate, from, to }) => `${candidate[0]}: ${from}-${to}`).sort()).toEqual(
      [PLAIN, CALIBRATED].flatMap((record) => [`${record}: 0-200`, `${record}: 200-250`]).sort(),
    );
    expect(compares[0]!.scores.map(({ name, scorer }) => [name, scorer])).toEqual([
      ['psnr', null],
      ['clip-image', 'objective'],
    ]);
    const pairs = summaries.map(({ pairwise }) => pairwise?.records ?? null);
    expect(pairs.filter((one) => one === null)).toHaveLength(1);
    expect(pairs).toContainEqual([`${PLAIN} from 0`, `${PLAIN} from 200`]);
  });

  it('that find images gone have their shards made again first', async () => {
    const gone = new Set([FULL]);
    missingOf = ({ reference }) => reference.filter((record) => gone.delete(record));
    const { warnings } = await run('paired-gone', PAIRED);
    expect(renders.filter((request) => nameOf(request) === 'fp32 1 0')).toHaveLength(2);
    expect(summaries).toHaveLength(3);
    expect(warnings).toEqual([expect.stringContaining('were made again') as unknown]);
  });

  it('are asked of nobody where a table names none', async () => {
    await run('unpaired', SPEC);
    expect(compares).toEqual([]);
    expect(summaries.every((request) => !('pairwise' in request))).toBe(true);
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
      'match',
      'There is no least-squares match of fake w4a8 with tcd, 2 steps and eta 0. Make one: npx qsched match --model fake',
    ],
    [
      'q-sched',
      'No search of fake w4a8 with tcd, 2 steps and eta 0 has finished yet. Run one: npx qsched search --model fake',
    ],
    ['search:nothing', 'There is no search "nothing".'],
    ['schedule:abcd', 'There is no schedule whose id begins with "abcd".'],
  ] as const)(
    'where %s stands for nothing, with the command that would make it, and renders nothing',
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
    ['generates its images', NOWHERE!],
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

  it('where a shard cannot be rendered, and asks for no more of them', async () => {
    renderBy = async (request) => {
      if (placesOf(request)[0] === 0) {
        throw ApplicationFailure.create({ message: 'The features are wrong.', type: 'usage', nonRetryable: true });
      }
      await sleep(300);
      return {};
    };
    const failure = await failureOf('broken', { ...SPEC, prompts: { count: 2000 } });
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
    expect(renders.filter((request) => placesOf(request)[0] === 0)).toHaveLength(1 + 2);
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
