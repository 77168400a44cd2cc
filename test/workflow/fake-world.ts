/**
 * A real Temporal server, the built workflow bundle and the real store in memory; prepare and score are fakes.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { RenderFunctions } from '../../activities/render.js';
import { createScoreActivities, type ScoreFunction } from '../../activities/score.js';
import { createStoreActivities } from '../../activities/store.js';
import { openStore, type Store } from '../../db/open-store.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import type { Coefficients } from '../../contract/coefficients.js';
import type { PreparedNetwork, PrepareEvaluateRequest } from '../../contract/evaluate-payloads.js';
import { encodeFloats } from '../../contract/float-text.js';
import type {
  PreparedModel,
  PrepareRequest,
  PrepareResult,
  PromptSplit,
  ScoreRequest,
  ScoreResult,
} from '../../contract/payloads.js';
import type { SearchProgress, SearchResult } from '../../contract/search-result.js';
import type { SearchSpecInput } from '../../contract/search-spec.js';
import { provideExecutable } from '../../temporal/executable.js';
import { modelQueue, STORE_QUEUE, WORKFLOW_QUEUE } from '../../temporal/queues.js';

const BUNDLE = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist', 'workflow-bundle.js');
export const SCORE_QUEUE = 'qsched-score-fake';
const NAMES = ['cosine', 'clip-iqa.quality'];

/** A model that workers serve; `nowhere` is prepared, and nobody scores it. */
export const [SERVED, NOWHERE] = ['fake', 'nowhere'];

/** Terms of one image, or why it failed. */
export type Judge = (
  coefficients: Coefficients,
  request: ScoreRequest,
) => { readonly cosine: number; readonly quality: number } | string;

/** A place to run workflows in. */
export interface FakeWorld {
  readonly env: TestWorkflowEnvironment;
  readonly store: Store;
  /** Every request that was scored, in order. */
  readonly requests: ScoreRequest[];
  /** What the next searches are scored by. */
  scoreBy(judge: Judge): void;
  /** Holds every `score` back until the function that it returns is called; cancellation reaches what is held. */
  hold(): () => void;
  start(
    id: string,
    spec: SearchSpecInput,
  ): Promise<{
    result(): Promise<SearchResult>;
    progress(): Promise<SearchProgress>;
    cancel(): Promise<unknown>;
    firstExecutionRunId: string;
  }>;
  close(): Promise<void>;
}

/** The prebuilt bundle, as a worker takes it. */
export async function workflowBundle() {
  return existsSync(BUNDLE)
    ? { codePath: BUNDLE }
    : bundleWorkflowCode({ workflowsPath: join(dirname(BUNDLE), '..', 'workflows', 'index.ts') });
}

/** What evaluations are prepared and drawn by; without them nobody does. */
export interface EvaluateFakes {
  readonly prepareEvaluate: (request: PrepareEvaluateRequest) => Promise<PreparedNetwork>;
  readonly draw: RenderFunctions;
}

/** Starts server and workers. @param extraArgs for `temporal server start-dev` @param slots chunks that the scoring worker takes at once */
export async function createWorld(
  extraArgs: readonly string[] = [],
  evaluate?: EvaluateFakes,
  slots = 100,
): Promise<FakeWorld> {
  quiet();
  const { path } = await provideExecutable({ onProgress: () => undefined });
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: path === 'temporal' ? await onPath() : path },
      extraArgs: ['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=2000', ...extraArgs],
    },
  });
  const store = openStore(':memory:');
  const requests: ScoreRequest[] = [];
  let judge: Judge = () => ({ cosine: 0.3, quality: 0.5 });
  let gate: Promise<void> = Promise.resolve();
  const score: ScoreFunction = async (request, { signal }) => {
    await Promise.race([
      gate,
      new Promise((_, refuse) => {
        signal.addEventListener('abort', () => refuse(new Error('aborted')));
      }),
    ]);
    requests.push(request);
    return scored(request, judge);
  };
  const common = {
    connection: env.nativeConnection,
    maxHeartbeatThrottleInterval: '1 second',
    shutdownForceTime: '5 seconds',
  } as const;
  const prepare = async ({ spec }: PrepareRequest): Promise<PrepareResult> => prepared(spec);
  const workers = await Promise.all([
    Worker.create({ ...common, taskQueue: WORKFLOW_QUEUE, workflowBundle: await workflowBundle() }),
    Worker.create({
      ...common,
      taskQueue: STORE_QUEUE,
      activities: createStoreActivities({
        store,
        path: ':memory:',
        searchAttributes: false,
        modelServed: async (model) => [SERVED, NOWHERE].includes(model),
      }),
    }),
    Worker.create({
      ...common,
      taskQueue: SCORE_QUEUE,
      activities: createScoreActivities(score, undefined, evaluate?.draw),
      maxConcurrentActivityTaskExecutions: slots,
    }),
    ...[SERVED, NOWHERE].map((model) =>
      Worker.create({
        ...common,
        taskQueue: modelQueue(model!),
        activities: {
          prepare,
          serves: async ({ queue }: { queue: string }) => queue === SCORE_QUEUE,
          ...(evaluate === undefined ? {} : { prepareEvaluate: evaluate.prepareEvaluate }),
        },
      }),
    ),
  ]);
  const running = workers.map((worker) => worker.run());
  return {
    env,
    store,
    requests,
    scoreBy: (next) => {
      judge = next;
    },
    hold: () => {
      let release: () => void = () => undefined;
      gate = new Promise((done) => {
        release = done;
      });
      return release;
    },
    async start(id, spec) {
      const handle = await env.client.workflow.start('search', {
        taskQueue: WORKFLOW_QUEUE,
        workflowId: id,
        args: [spec],
      });
      return {
        result: async () => (await handle.result()) as SearchResult,
        progress: () => handle.query<SearchProgress>('progress'),
        cancel: () => handle.cancel(),
        firstExecutionRunId: handle.firstExecutionRunId,
      };
    },
    async close() {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
      await env.teardown();
      store.$client.close();
    },
  };
}

let quietened = false;
/** The SDK's log: errors alone. Once a process. */
function quiet(): void {
  if (quietened) return;
  quietened = true;
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}

/** The path of `temporal` on PATH: the environment wants one. */
async function onPath(): Promise<string> {
  const folder = (process.env['PATH'] ?? '').split(':').find((place) => existsSync(join(place, 'temporal')));
  return join(folder ?? '', 'temporal');
}

function prepared(spec: PrepareRequest['spec']): PrepareResult {
  const scoreQueue = spec.model === NOWHERE ? 'qsched-score-nobody' : SCORE_QUEUE;
  const of = (precision: string): PreparedModel => ({
    model: spec.model,
    precision,
    scoreQueue,
    contexts: { objective: `${spec.model}-${precision}-objective`, second: `${spec.model}-${precision}-second` },
  });
  const split = (name: string, { count, seeds }: { count: number; seeds: number[] }): PromptSplit => ({
    set: name,
    texts: null,
    count,
    sha256: name,
    nounsSha256: null,
    seeds,
  });
  const texts = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name} ${i}`);
  const reference = spec.control === 'none' ? null : of('fp32');
  return {
    quantised: of(spec.precision),
    reference,
    objective: planObjective(spec.objective),
    outside: { second: planObjective({ ...spec.objective, scorer: 'second' }) },
    notes: [],
    contexts: [of(spec.precision), ...(reference === null ? [] : [reference])].flatMap(
      ({ model, precision, contexts }) =>
        Object.entries(contexts).map(([scorer, id]) => ({ id, model, precision, scorer, provenance: {} })),
    ),
    splits: {
      calibration: split('calibration', spec.prompts),
      select: split('select', spec.select),
      confirm: split('confirm', spec.confirm),
    },
    texts: {
      calibration: texts('calibration', spec.prompts.count),
      select: texts('select', spec.select.count),
      confirm: texts('confirm', spec.confirm.count),
    },
    nouns: null,
  };
}

function scored(request: ScoreRequest, judge: Judge): ScoreResult {
  const everything = Array.from({ length: request.split.count * request.split.seeds.length }, (_, i) => i);
  return {
    trials: request.trials.map(({ index, coefficients, missing }) => {
      const evaluations = missing ?? everything;
      const judged = judge(coefficients, request);
      const row = typeof judged === 'string' ? [NaN, NaN] : [judged.cosine, judged.quality];
      const values = encodeFloats(Float64Array.from(evaluations.flatMap(() => row)));
      return {
        index,
        coefficients,
        evaluations,
        failed: typeof judged === 'string' ? evaluations.map((_, at) => ({ at, reason: judged })) : [],
        scorers: Object.keys(request.contexts).map((scorer) => ({ scorer, names: NAMES, values })),
      };
    }),
    seconds: 0,
    runtimeSeconds: 0,
    worker: 'fake',
  };
}
