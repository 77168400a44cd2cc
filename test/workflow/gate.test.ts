/**
 * The gate workflow on a real server with fake images and looks: what it renders, when it looks, and its ends.
 */
import { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GateProgress, LookRequest, LookResult } from '../../contract/gate-payloads.js';
import type { GateResult } from '../../contract/gate-result.js';
import type { GateSpecInput } from '../../contract/gate-spec.js';
import type { RenderRequest, RenderResult } from '../../contract/wire/render.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { findRun } from '../../db/runs.js';
import { gateScores } from '../../db/schema.js';
import { readPromptSet } from '../../inference/prompts/prompt-sets.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import { createWorld, SERVED, type FakeWorld } from './fake-world.js';

const side = (precision: string, more: object = {}) => ({
  model: SERVED!,
  precision,
  scheduler: { steps: 2 },
  ...more,
});
const SPEC: GateSpecInput = {
  reference: side('fp32'),
  candidate: side('w4a8'),
  prompts: { count: 200, seeds: [7, 8] },
};
const PROMPTS = new Map(readPromptSet('shapes-eval').map(({ text }, i) => [text, i]));

let world: FakeWorld;
let renders: RenderRequest[];
let looks: LookRequest[];
let lookBy: (request: LookRequest) => Partial<LookResult>;

/** Every image: precision, prompt, seed. */
const imagesOf = (requests: readonly RenderRequest[]): string[] =>
  requests.flatMap(({ network, prompts, pairs }) =>
    pairs.map(([prompt, seed]) => `${network.precision} ${PROMPTS.get(prompts[prompt]!.text)} ${seed}`),
  );
const every = (precision: string, count: number): string[] =>
  Array.from({ length: count }, (_, p) => [7, 8].map((seed) => `${precision} ${p} ${seed}`)).flat();

async function render(request: RenderRequest): Promise<RenderResult> {
  renders.push(request);
  return {
    version: WIRE_VERSION,
    record: imagesOf([request])[0]!,
    generated: request.pairs.length,
    reused: 0,
    failed: [],
    damaged: 0,
    worker: 'fake',
    seconds: 1,
    runtimeSeconds: 1,
    denoiserRows: 0,
    paddedRows: 0,
  };
}

async function look(request: LookRequest): Promise<LookResult> {
  looks.push(request);
  const { spec, most, prompts } = request;
  const { power, alpha, looks: count } = spec;
  return {
    plan: {
      options: { alpha, power, looks: count, most, resamples: 1000, seed: 0 },
      prompts: 100,
      looks: [40, 60, 100],
      taken: [...(request.plan?.taken ?? []), { prompts, fraction: prompts / 100 }],
      power: 0.9,
      wanted: 100,
    },
    verdict: prompts < 100 ? 'continue' : 'passed',
    reason: 'because',
    scores: [],
    promptsToDecide: null,
    lost: 0,
    worst: [],
    warnings: [],
    baseline: null,
    missing: [],
    ...lookBy(request),
  };
}

beforeAll(async () => {
  world = await createWorld([], { render, look, summarise: () => Promise.reject(new Error('nobody')) });
});
afterAll(async () => {
  await world.close();
});
beforeEach(() => {
  [renders, looks] = [[], []];
  lookBy = () => ({});
});

const start = (id: string, spec: unknown) =>
  world.env.client.workflow.start('gate', { taskQueue: WORKFLOW_QUEUE, workflowId: id, args: [spec] });
const run = async (id: string, spec: unknown): Promise<GateResult> =>
  (await (await start(id, spec)).result()) as GateResult;

async function failureOf(id: string, spec: unknown): Promise<string> {
  const error: unknown = await run(id, spec).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return ((error as WorkflowFailedError).cause as ApplicationFailure).message;
}

describe('a gate', () => {
  it('renders what a look adds, of both sides, each image once', async () => {
    const result = await run('steps', SPEC);
    expect(looks.map(({ prompts }) => prompts)).toEqual([40, 60, 100]);
    expect(imagesOf(renders).sort()).toEqual([...every('fp32', 100), ...every('w4a8', 100)].sort());
    expect(result).toMatchObject({
      verdict: 'passed',
      generated: 400,
      prompts: { count: 100, most: 200, seeds: [7, 8] },
      looks: [
        { prompts: 40, verdict: 'continue' },
        { prompts: 60, verdict: 'continue' },
        { prompts: 100, verdict: 'passed' },
      ],
    });
    expect(looks[2]!.candidate[0]).toBe(every('w4a8', 100)[0]);
    expect(findRun(world.store, 'steps')).toMatchObject({
      kind: 'gate',
      status: 'finished',
      name: 'fake w4a8 against fake fp32',
    });
    expect(world.store.select().from(gateScores).all()).toEqual([]);
  });

  it('ends at the first look that decides', async () => {
    lookBy = () => ({ verdict: 'failed' });
    expect(await run('early', SPEC)).toMatchObject({ verdict: 'failed', prompts: { count: 40 } });
    expect(looks).toHaveLength(1);
  });

  it('is undecided where the prompts end', async () => {
    lookBy = () => ({ verdict: 'continue', promptsToDecide: 500 });
    expect(await run('few', { ...SPEC, prompts: { ...SPEC.prompts, count: 50 } })).toMatchObject({
      verdict: 'undecided',
      promptsToDecide: 500,
      prompts: { count: 50, most: 50 },
    });
  });

  it('renders one side once where both are the same and may be', async () => {
    await run('same', { ...SPEC, candidate: side('fp32'), allowIdentical: true });
    expect(imagesOf(renders).sort()).toEqual(every('fp32', 100).sort());
    expect(looks[0]!.candidate).toEqual(looks[0]!.reference);
  });

  it('makes again what has gone, and gives up where it goes again', async () => {
    let asked = 0;
    lookBy = ({ candidate }) => ({ missing: (asked += 1) === 1 ? candidate.slice(0, 1) : [] });
    await run('gone', SPEC);
    const images = imagesOf(renders);
    expect(images.length).toBeGreaterThan(400);
    expect(new Set(images).size).toBe(400);
    lookBy = ({ candidate }) => ({ missing: candidate });
    expect(await failureOf('elsewhere', SPEC)).toMatch(/not in the folder of the worker that compares them/);
    expect(findRun(world.store, 'elsewhere')).toMatchObject({ status: 'failed' });
  });

  it('answers where it is', async () => {
    await run('progress', SPEC);
    const progress = await world.env.client.workflow.getHandle('progress').query<GateProgress>('progress');
    expect(progress).toMatchObject({
      status: 'finished',
      looks: 3,
      images: 400,
      done: 400,
      planned: 100,
      verdict: 'passed',
    });
  });

  it('refuses what is wrong with a sentence', async () => {
    expect(await failureOf('sides', { ...SPEC, candidate: side('fp32') })).toMatch(
      /reference and candidate are the same/,
    );
    expect(await failureOf('margin', { ...SPEC, margins: { objective: 0 } })).toMatch(/margins\.objective is 0/);
    expect(renders).toEqual([]);
  });
});
