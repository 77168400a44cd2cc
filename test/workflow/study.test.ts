/**
 * The study workflow on a real server with children that do nothing: their order, their ids, how many run at once, and
 * what becomes of a failure.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundle } from '../../scripts/bundle-workflows.js';
import type { EvaluateSpecInput } from '../../contract/evaluate-spec.js';
import type { SearchSpecInput } from '../../contract/search-spec.js';
import type { StudyInput, StudyProgress, StudyResult } from '../../contract/study-spec.js';
import { evaluateIdOf, ptqdIdOf, searchIdOf } from '../../contract/content-id.js';
import { planStudy } from '../../paper/index.js';
import { createStoreActivities } from '../../activities/store.js';
import { openStore, type Store } from '../../db/open-store.js';
import { findRun } from '../../db/runs.js';
import { STORE_QUEUE } from '../../temporal/queues.js';
import { provideExecutable } from '../../temporal/executable.js';
import type { ChildActivities } from './study-children.js';

const QUEUE = 'studies';
const CHILDREN = join(dirname(fileURLToPath(import.meta.url)), 'study-children.ts');

type Asked = Parameters<ChildActivities['child']>[0];

let env: TestWorkflowEnvironment;
let workers: Worker[];
let running: Promise<void>[];
let store: Store;
/** What the children were asked, in order. */
const asked: Asked[] = [];
let [now, most] = [0, 0];
/** What a child does before it ends. */
let meanwhile: (one: Asked) => Promise<void> = async () => undefined;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { path } = await provideExecutable({ onProgress: () => undefined });
  const onPath = (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => join(folder, 'temporal'))
    .find((file) => existsSync(file));
  env = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: path === 'temporal' ? (onPath ?? path) : path } },
  });
  const child: ChildActivities['child'] = async (one) => {
    asked.push(one);
    now += 1;
    most = Math.max(most, now);
    try {
      await meanwhile(one);
    } finally {
      now -= 1;
    }
  };
  store = openStore(':memory:');
  const connection = env.nativeConnection;
  workers = await Promise.all([
    Worker.create({
      connection,
      taskQueue: QUEUE,
      workflowBundle: { code: await bundle(CHILDREN) },
      activities: { child },
    }),
    Worker.create({
      connection,
      taskQueue: STORE_QUEUE,
      activities: createStoreActivities({
        store,
        path: ':memory:',
        searchAttributes: false,
        modelServed: async () => true,
        countWorkers: async () => 1,
      }),
    }),
  ]);
  running = workers.map((worker) => worker.run());
});
afterAll(async () => {
  for (const worker of workers) worker.shutdown();
  await Promise.all(running);
  await env.teardown();
  store.$client.close();
});
beforeEach(() => {
  asked.length = 0;
  most = 0;
  meanwhile = async () => undefined;
});

const start = (id: string, input: unknown) =>
  env.client.workflow.start('study', { taskQueue: QUEUE, workflowId: id, args: [input] });
const run = async (id: string, input: StudyInput): Promise<StudyResult> =>
  (await (await start(id, input)).result()) as StudyResult;

/** Something to wait for until it is released. */
function gate(): { readonly held: Promise<void>; readonly release: () => void } {
  let release: () => void = () => undefined;
  const held = new Promise<void>((done) => {
    release = done;
  });
  return { held, release: () => release() };
}

async function failureOf(id: string, input: unknown): Promise<ApplicationFailure> {
  const error: unknown = await (await start(id, input)).result().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  const { cause } = error as WorkflowFailedError;
  expect(cause).toBeInstanceOf(ApplicationFailure);
  return cause as ApplicationFailure;
}

describe('a study', () => {
  it('runs fits and searches, then one evaluation of what they found, then makes its rows', async () => {
    const { plan } = planStudy({ name: 'table-a4' });
    const result = await run('a4', { name: 'table-a4' });
    expect(asked.map(({ kind }) => kind).sort()).toEqual(
      [...Array<string>(6).fill('ptqd'), ...Array<string>(6).fill('search'), 'evaluate'].sort(),
    );
    expect(asked.at(-1)!.kind).toBe('evaluate');
    const { rows } = asked.at(-1)!.argument as EvaluateSpecInput;
    const searched = plan.searches.map(({ spec }) => `search:${searchIdOf(spec)}`);
    const fitted = plan.fits.map(({ input }) => `schedule:${ptqdIdOf(input).replace('ptqd-', '')}`);
    expect(rows.map(({ schedule }) => schedule)).toEqual(
      [0, 1, 2, 3, 4, 5].flatMap((i) => ['identity', 'identity', fitted[i], searched[i]]),
    );
    expect(result).toMatchObject({ study: 'table-a4', studyId: 'a4', evaluateId: asked.at(-1)!.id, columns: [] });
    expect(result.rows.map(({ label, eta, objective }) => [label, eta, objective])).toEqual(
      plan.rows.map(({ label, scheduler }, i) => [label, scheduler.eta, i]),
    );
    expect(result.rows[3]!.source).toBe(searched[0]!.replace('search:', ''));
    expect(result.notes).toEqual([...plan.notes, 'a warning of the evaluation']);
    expect(result.seconds).toBeGreaterThan(0);
    expect(findRun(store, 'a4')).toMatchObject({
      kind: 'study',
      name: 'table-a4',
      status: 'finished',
      message: null,
      result,
      spec: { name: 'table-a4', options: { model: 'shapes', precision: 'w4a8' } },
    });
  });

  it('starts children with what was planned, under ids of their content', async () => {
    await run('3', { name: 'table-3', options: { count: 40, budget: 4 } });
    const { plan } = planStudy({ name: 'table-3', options: { count: 40, budget: 4 } });
    const byId = new Map(asked.map(({ id, argument }) => [id, argument]));
    for (const { spec } of plan.searches) expect(byId.get(searchIdOf(spec))).toEqual(spec);
    expect(asked.at(-1)!.id).toBe(evaluateIdOf(asked.at(-1)!.argument));
  });

  it('run again asks the same children', async () => {
    await run('again', { name: 'table-3' });
    const first = asked.map(({ id }) => id).sort();
    asked.length = 0;
    await run('again', { name: 'table-3' });
    expect(asked.map(({ id }) => id).sort()).toEqual(first);
  });

  it.each([
    ['table-a3', 2],
    ['figure-5', 1],
  ])('%s has %i children at a time', async (name, together) => {
    meanwhile = async () => {
      while (asked.length < together) await sleep(10);
    }; // the first ones wait for each other
    await run(`together-${name}`, { name });
    expect(most).toBe(together);
  });

  it('runs its searches in order where a later one reads what an earlier one scored', async () => {
    await run('in-order', { name: 'figure-5' });
    expect(asked.slice(0, 4).map(({ argument }) => (argument as SearchSpecInput).objective?.k)).toEqual([0.5, 1, 2, 5]);
  });

  it('without searches is its evaluation', async () => {
    const result = await run('surface', { name: 'surface' });
    expect(asked.map(({ kind }) => kind)).toEqual(['evaluate']);
    expect(result.rows).toHaveLength(121);
    expect(result.rows[12]).toMatchObject({
      schedule: 'by-hand',
      sample: expect.closeTo(0.84, 12),
      noise: expect.closeTo(0.84, 12),
      source: null,
    });
  });

  it('says which children run', async () => {
    const { held, release } = gate();
    meanwhile = () => held;
    const handle = await start('progress', { name: 'table-3' });
    while (asked.length < 2) await sleep(20);
    const progress = await handle.query<StudyProgress>('progress');
    release();
    await handle.result();
    expect(progress).toMatchObject({ study: 'table-3', stage: 'search', done: 0, total: 3, rows: 4 });
    expect(progress.running.map(({ kind, label }) => `${kind} ${label}`)).toEqual([
      'search Q-Sched, c^eps, 4 steps',
      'search Q-Sched, c^x, 4 steps',
    ]);
    expect(await handle.query<StudyProgress>('progress')).toMatchObject({ stage: 'finished', done: 3, running: [] });
  });

  it('waits for a search that runs already for another study', async () => {
    const { held, release } = gate();
    meanwhile = () => held;
    const [one, other] = [await start('one', { name: 'table-3' }), await start('other', { name: 'table-3' })];
    while (asked.length < 2) await sleep(20);
    release();
    const results = (await Promise.all([one.result(), other.result()])) as StudyResult[];
    expect(results[0]!.rows).toEqual(results[1]!.rows);
    expect(asked.length).toBe(8);
  });
});

describe('a study that cannot continue', () => {
  it('names the child that failed, and stops the others', async () => {
    const { plan } = planStudy({ name: 'table-3' });
    const id = searchIdOf(plan.searches[0]!.spec);
    const { held, release } = gate();
    meanwhile = async (one) => {
      while (asked.length < 2) await sleep(10);
      if (one.id === id) throw ApplicationFailure.nonRetryable('No candidate could be scored.', 'failure');
      await held;
    };
    const failure = await failureOf('one-fails', { name: 'table-3' });
    release();
    expect(failure.message).toMatch(
      new RegExp(
        `^The study table-3 stopped at its search ${id} \\(Q-Sched, c\\^eps, 4 steps\\): No candidate could be scored\\.$`,
      ),
    );
    expect(failure.type).toBe('failure');
    expect(findRun(store, 'one-fails')).toMatchObject({ status: 'failed', message: failure.message, result: null });
    expect(asked.map(({ kind }) => kind)).not.toContain('evaluate');
    expect(asked).toHaveLength(2);
  });

  it.each<[string, unknown, RegExp]>([
    ['an unknown study', { name: 'table-9' }, /There is no study "table-9"\..*Did you mean/],
    ['no name', undefined, /There is no study without a name/],
    [
      'an unknown option',
      { name: 'table-1', options: { modle: 'shapes' } },
      /Unknown key "options\.modle".*Did you mean "(options\.)?model"/,
    ],
  ])('%s fails at once, with its sentence', async (name, input, pattern) => {
    const failure = await failureOf(`bad-${name.replaceAll(' ', '-')}`, input);
    expect(failure.message).toMatch(pattern);
    expect(failure.type).toBe('usage');
    expect(asked).toEqual([]);
  });

  it('when cancelled, cancels its children', async () => {
    const { held, release } = gate();
    meanwhile = () => held;
    const handle = await start('cancelled', { name: 'table-3' });
    while (asked.length < 2) await sleep(20);
    await handle.cancel();
    const error: unknown = await handle.result().catch((reason: unknown) => reason);
    release();
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect((await env.client.workflow.getHandle(asked[0]!.id).describe()).status.name).toBe('CANCELLED');
    expect(asked).toHaveLength(2);
    expect(findRun(store, 'cancelled')).toMatchObject({ status: 'cancelled' });
  });
});
