/**
 * A real Temporal server, the built workflow bundle and the real store in memory; networks and scores are fakes.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { createComputeActivities } from '../../activities/compute.js';
import { createModelActivities } from '../../activities/model.js';
import { createScoreActivities, type ScoreFunctions } from '../../activities/score.js';
import { createStoreActivities } from '../../activities/store.js';
import { hashOf } from '../../artefacts/artefact-keys.js';
import { rankFinalists } from '../../compute/rank-finalists.js';
import { judge as judgeSearch } from '../../db/judge.js';
import { openStore, type Store } from '../../db/open-store.js';
import type { Coefficients } from '../../contract/coefficients.js';
import type { SummariseRequest, SummariseResult } from '../../contract/evaluate-payloads.js';
import type { LookRequest, LookResult } from '../../contract/gate-payloads.js';
import { encodeFloats } from '../../contract/float-text.js';
import type { SearchProgress, SearchResult } from '../../contract/search-result.js';
import type { SearchSpecInput } from '../../contract/search-spec.js';
import type { DescribeRequest, NetworkDescription } from '../../contract/wire/describe.js';
import type { ScoreRequest, ScoreResult } from '../../contract/wire/score.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import type { ProposeRequest } from '../../compute/compute-messages.js';
import { proposeBatch } from '../../optimizers/create.js';
import type { Point } from '../../optimizers/optimizer.js';
import { provideExecutable } from '../../temporal/executable.js';
import { COMPUTE_QUEUE, modelQueue, STORE_QUEUE, WORKFLOW_QUEUE } from '../../temporal/queues.js';

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
  /** Workers that the store counts. */
  countWorkers(count: number): void;
  /** Seconds that workers say they took per image: the more, the smaller are the blocks. */
  takes(secondsPerImage: number): void;
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

/** What evaluations are rendered and summed up by, and what is different about networks; without them nobody does. */
export interface EvaluateFakes {
  readonly render: ScoreFunctions['render'];
  readonly compare?: ScoreFunctions['compare'];
  readonly summarise: (request: SummariseRequest) => Promise<SummariseResult>;
  readonly look?: (request: LookRequest) => Promise<LookResult>;
  readonly describe?: (request: DescribeRequest) => Partial<NetworkDescription>;
}

/** What a world has in place of the usual: the workflows, what proposes points on the compute queue, and what matches. */
export interface WorldParts {
  readonly workflowBundle?: { readonly code: string };
  readonly propose?: (request: ProposeRequest) => Promise<readonly Point[]>;
  readonly match?: ScoreFunctions['match'];
}

/** Starts server and workers. @param extraArgs for `temporal server start-dev` @param slots blocks that the scoring worker takes at once */
export async function createWorld(
  extraArgs: readonly string[] = [],
  evaluate?: EvaluateFakes,
  slots = 100,
  own: WorldParts = {},
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
  let counted = 2;
  let pace = 0;
  const score: ScoreFunctions['score'] = async (request, { signal }) => {
    await Promise.race([
      gate,
      new Promise((_, refuse) => {
        signal.addEventListener('abort', () => refuse(new Error('aborted')));
      }),
    ]);
    requests.push(request);
    return scored(request, judge, pace);
  };
  const common = {
    connection: env.nativeConnection,
    maxHeartbeatThrottleInterval: '1 second',
    shutdownForceTime: '5 seconds',
  } as const;
  const nobody = async (): Promise<never> => {
    throw new Error('nobody does this here');
  };
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: WORKFLOW_QUEUE,
      workflowBundle: own.workflowBundle ?? (await workflowBundle()),
    }),
    Worker.create({
      ...common,
      taskQueue: STORE_QUEUE,
      activities: createStoreActivities({
        store,
        path: ':memory:',
        searchAttributes: false,
        modelServed: async (model) => [SERVED, NOWHERE].includes(model),
        countWorkers: async () => counted,
      }),
    }),
    Worker.create({
      ...common,
      taskQueue: COMPUTE_QUEUE,
      activities: createComputeActivities({
        judge: async (request) => judgeSearch(store, request),
        summarise: evaluate?.summarise ?? nobody,
        look: evaluate?.look ?? nobody,
        readFolders: nobody,
        checkBaseline: nobody,
        rank: async (request) => rankFinalists(store, request),
        propose: own.propose ?? (async ({ optimizer, options, state }) => proposeBatch(optimizer, options, state)),
      }),
    }),
    Worker.create({
      ...common,
      taskQueue: SCORE_QUEUE,
      activities: createScoreActivities({
        score,
        render: evaluate?.render ?? nobody,
        compare: evaluate?.compare ?? nobody,
        fit: nobody,
        match: own.match ?? nobody,
      }),
      maxConcurrentActivityTaskExecutions: slots,
    }),
    ...[SERVED, NOWHERE].map((model) =>
      Worker.create({
        ...common,
        taskQueue: modelQueue(model!),
        activities: createModelActivities(
          {
            describe: async (request) => ({ ...described(request), ...evaluate?.describe?.(request) }),
            inspectPrompts: () => [],
          },
          [SCORE_QUEUE],
        ),
      }),
    ),
  ]);
  const running = workers.map((worker) => worker.run());
  return {
    env,
    store,
    requests,
    countWorkers: (count) => {
      counted = count;
    },
    takes: (secondsPerImage) => {
      pace = secondsPerImage;
    },
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

/** A network that nobody has: what a worker would describe. */
export function described({ model, precision, options, scorers }: DescribeRequest): NetworkDescription {
  const own = precision === 'reference' ? 'fp32' : precision;
  const files = { 'unet/model.onnx': `${model} ${own}` };
  const batch = 20;
  const numeric = { provider: 'cpu', onnxruntime: '1', batch };
  return {
    version: WIRE_VERSION,
    model,
    precision: own,
    options,
    pipeline: 'fake',
    latentShape: [4, 8, 8],
    schedulerConfig: { _class_name: 'TCDScheduler' },
    precisions: [own, 'fp32'],
    referencePrecision: 'fp32',
    scorers: scorers.map((role) => ({
      role,
      name: role,
      kind: 'clip',
      names: NAMES,
      scores: [],
      hasFeatures: true,
      usesNouns: false,
      label: null,
      provenance: { name: role },
    })),
    pluginScores: [],
    files,
    numeric,
    batches: { text: batch, denoiser: batch, decoder: batch, scorer: batch },
    preprocessing: {},
    network: hashOf({ files, precision: own, numeric }),
    scoreQueue: model === NOWHERE ? 'qsched-score-nobody' : SCORE_QUEUE,
    bytes: 1,
    memoryBytes: 1000,
    references: {},
    notes: [],
  };
}

function scored(request: ScoreRequest, judge: Judge, pace: number): ScoreResult {
  const images = request.candidates.reduce((sum, { pairs }) => sum + (pairs ?? request.pairs).length, 0);
  return {
    version: WIRE_VERSION,
    scorers: request.scorers.map(({ role }) => ({ scorer: role, names: NAMES })),
    candidates: request.candidates.map(({ coefficients, pairs }) => {
      const evaluations = pairs ?? request.pairs.map((_, i) => i);
      const judged = judge(coefficients, request);
      const row = typeof judged === 'string' ? [NaN, NaN] : [judged.cosine, judged.quality];
      const values = encodeFloats(Float64Array.from(evaluations.flatMap(() => row)));
      return {
        values: request.scorers.map(() => values),
        failed: typeof judged === 'string' ? evaluations.map((_, at) => ({ at, reason: judged })) : [],
      };
    }),
    seconds: pace * images,
    runtimeSeconds: 0,
    denoiserRows: 0,
    paddedRows: 0,
    worker: 'fake',
  };
}
