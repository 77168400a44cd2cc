/**
 * Composition root: which queues this process serves, and with what.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { fitOnEngine } from '../activities/fit-ptqd.js';
import { createModelActivities } from '../activities/prepare.js';
import { renderOnEngine } from '../activities/render.js';
import { createScoreActivities, scoreOnEngine, type ScoreFunction } from '../activities/score.js';
import { createStoreActivities, type StoreDependencies } from '../activities/store.js';
import { startEngine } from '../inference/engine/engine-client.js';
import { hashFiles } from '../inference/models/file-hashes.js';
import { listPrecisions, openModelFolder } from '../inference/models/model-folder.js';
import { findModel, packageRoot } from '../inference/models/model-roots.js';
import { numericClass } from '../inference/models/numeric-class.js';
import { scoreQueueOf } from '../inference/prepare/prepare.js';
import { artefactFolder } from '../temporal/data-folder.js';
import { modelQueue, STORE_QUEUE, WORKFLOW_QUEUE } from '../temporal/queues.js';

/** Where workers connect to. */
export interface WorkerAddress {
  readonly address: string;
  readonly namespace: string;
  readonly tls?: NativeConnectionTls;
  readonly apiKey?: string;
}
type NativeConnectionTls = NonNullable<Parameters<typeof NativeConnection.connect>[0]>['tls'];

/** Workers of one process. */
export interface RunningWorkers {
  readonly queues: readonly string[];
  /** Resolves when all have stopped, rejects when one breaks. */
  readonly done: Promise<void>;
  /** Stops polling, finishes or hands back what is under way. */
  stop(): Promise<void>;
}

/** Cancellation reaches an activity with its heartbeats. */
const MAX_HEARTBEAT_PAUSE = '2 seconds';
const OPTIONS = {
  maxHeartbeatThrottleInterval: MAX_HEARTBEAT_PAUSE,
  shutdownGraceTime: '2 seconds',
  shutdownForceTime: '10 seconds',
} as const;

/** The prebuilt workflow bundle; built on the spot where the package was not. */
async function workflowSource(): Promise<Pick<WorkerOptions, 'workflowBundle'>> {
  const codePath = join(packageRoot(), 'dist', 'workflow-bundle.js');
  if (existsSync(codePath)) return { workflowBundle: { codePath } };
  return {
    workflowBundle: await bundleWorkflowCode({ workflowsPath: join(packageRoot(), 'dist', 'workflows', 'index.js') }),
  };
}

/** Workflows and the store: one process per data folder. */
export async function startHost(at: WorkerAddress, dependencies: StoreDependencies): Promise<RunningWorkers> {
  const connection = await NativeConnection.connect(connectionOptions(at));
  const common = { connection, namespace: at.namespace, ...OPTIONS };
  const workflows = await Worker.create({
    ...common,
    ...(await workflowSource()),
    taskQueue: WORKFLOW_QUEUE,
    maxCachedWorkflows: 50,
    stickyQueueScheduleToStartTimeout: '5 seconds',
  });
  const store = await Worker.create({
    ...common,
    taskQueue: STORE_QUEUE,
    activities: createStoreActivities(dependencies),
    maxConcurrentActivityTaskExecutions: 4,
  });
  return running([workflows, store], [WORKFLOW_QUEUE, STORE_QUEUE], connection);
}

/** What a scoring process is started with. */
export interface ScoringOptions {
  readonly models: readonly string[];
  /** Rows of every network call, padded. */
  readonly batch: number;
  /** Threads of ONNX Runtime. */
  readonly threads: number;
  readonly provider: string;
  /** In place of the engine: for the overhead benchmark. */
  readonly score?: ScoreFunction;
}

/** Scoring: the model queue for `prepare`, and one score queue for every precision. */
export async function startScoring(at: WorkerAddress, options: ScoringOptions): Promise<RunningWorkers> {
  const connection = await NativeConnection.connect(connectionOptions(at));
  const common = { connection, namespace: at.namespace, ...OPTIONS };
  const numeric = numericClass(options.batch, options.provider);
  const engine = options.score
    ? null
    : startEngine({
        batch: options.batch,
        threads: options.threads,
        provider: options.provider,
        artefacts: artefactFolder(),
      });
  const score = options.score ?? scoreOnEngine(engine!, numeric);
  const activities =
    engine === null
      ? createScoreActivities(score)
      : createScoreActivities(score, fitOnEngine(engine, numeric), renderOnEngine(engine, numeric));
  const workers: Worker[] = [];
  const queues: string[] = [];
  for (const model of options.models) {
    const serve = async (taskQueue: string, own: Partial<WorkerOptions>) => {
      workers.push(await Worker.create({ ...common, taskQueue, ...own }));
      queues.push(taskQueue);
    };
    await serve(modelQueue(model), {
      activities: createModelActivities(numeric, queues),
      maxConcurrentActivityTaskExecutions: 2,
    });
    for (const precision of listPrecisions(findModel(model))) {
      const folder = openModelFolder(model, precision);
      await serve(scoreQueueOf(await hashFiles(folder.folder, folder.files), numeric), {
        activities,
        maxConcurrentActivityTaskExecutions: 1,
      });
    }
  }
  const all = running(workers, queues, connection);
  return {
    ...all,
    stop: async () => {
      await all.stop();
      await engine?.close();
    },
  };
}

function connectionOptions({ address, tls, apiKey }: WorkerAddress) {
  return { address, ...(tls === undefined ? {} : { tls }), ...(apiKey === undefined ? {} : { apiKey }) };
}

function running(workers: readonly Worker[], queues: readonly string[], connection: NativeConnection): RunningWorkers {
  const done = Promise.all(workers.map((worker) => worker.run())).then(() => undefined);
  done.catch(() => undefined);
  return {
    queues,
    done,
    async stop() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await done.catch(() => undefined);
      await connection.close().catch(() => undefined);
    },
  };
}
