/**
 * Composition root: which queues this process serves, and with what.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { createComputeActivities } from '../activities/compute.js';
import { createModelActivities, type ModelFunctions } from '../activities/model.js';
import { createScoreActivities, onEngine, type ScoreFunctions } from '../activities/score.js';
import { createStoreActivities, type StoreDependencies } from '../activities/store.js';
import { QschedError } from '../contract/errors.js';
import { openArtefactFolder } from '../artefacts/artefact-store.js';
import { startCompute } from '../compute/compute-client.js';
import { describeNetwork, inspectPrompts } from '../inference/describe.js';
import { startEngine } from '../inference/engine/engine-client.js';
import { changedFiles, stampFiles } from '../inference/models/file-hashes.js';
import { packageRoot } from '../inference/models/model-roots.js';
import { assertProviderWorks } from '../inference/models/runtime-session.js';
import type { DeviceOptions } from '../inference/pipelines/open-pipeline.js';
import { startServers, type ModelServers } from '../inference/served/start-servers.js';
import { distinctQueues } from '../inference/verify.js';
import { artefactFolder } from '../temporal/data-folder.js';
import { COMPUTE_QUEUE, modelQueue, STORE_QUEUE, WORKFLOW_QUEUE } from '../temporal/queues.js';
import { rememberedCount } from './remembered-count.js';

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

/** Workflows, the store, and the compute thread: one process per data folder. */
export async function startHost(at: WorkerAddress, dependencies: StoreDependencies): Promise<RunningWorkers> {
  const connection = await NativeConnection.connect(connectionOptions(at));
  const common = { connection, namespace: at.namespace, ...OPTIONS };
  const compute = startCompute({ databasePath: dependencies.path, artefacts: artefactFolder() });
  const workflows = await Worker.create({
    ...common,
    ...(await workflowSource()),
    taskQueue: WORKFLOW_QUEUE,
    // A run of another release that was not ended at the start ends with its first task.
    workflowFailureErrorTypes: { '*': ['NondeterminismError'] },
    maxCachedWorkflows: 50,
    stickyQueueScheduleToStartTimeout: '5 seconds',
  });
  const store = await Worker.create({
    ...common,
    taskQueue: STORE_QUEUE,
    activities: createStoreActivities({ ...dependencies, countWorkers: rememberedCount(dependencies.countWorkers) }),
    maxConcurrentActivityTaskExecutions: 4,
  });
  const computing = await Worker.create({
    ...common,
    taskQueue: COMPUTE_QUEUE,
    activities: createComputeActivities(compute),
    maxConcurrentActivityTaskExecutions: 4,
  });
  const all = running([workflows, store, computing], [WORKFLOW_QUEUE, STORE_QUEUE, COMPUTE_QUEUE], connection);
  return {
    ...all,
    stop: async () => {
      await all.stop();
      await compute.close();
    },
  };
}

/** What a scoring process is started with. */
export interface ScoringOptions extends DeviceOptions {
  readonly models: readonly string[];
  /** Whether the commands of these models' folders may be started (docs/model-servers.md). */
  readonly allowServer?: boolean;
  /** Receives what a person should know: networks that are not served, files that were changed. */
  readonly say: (line: string) => void;
}

/** Files are looked at this often. */
const WATCH_MILLISECONDS = 2000;

/**
 * Scoring: the model queue, and one score queue for every set of files.
 *
 * @throws QschedError (usage) if the device does not work here, or a model's folder lacks a file
 */
export async function startScoring(at: WorkerAddress, options: ScoringOptions): Promise<RunningWorkers> {
  const { models: asked, say, allowServer = false, ...device } = options;
  await assertProviderWorks(device.device);
  const servers = await startServers(asked, { allow: allowServer, say }).catch((error: unknown) => {
    // As wrong input: another try would take as long, and end like this one.
    throw error instanceof QschedError ? new QschedError('usage', error.message, error.hint) : error;
  });
  try {
    return await startServed(at, { ...device, say, models: servers.models }, servers);
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

/** Scoring with the model servers that are there. */
async function startServed(
  at: WorkerAddress,
  { models, say, ...device }: Omit<ScoringOptions, 'allowServer'>,
  servers: ModelServers,
): Promise<RunningWorkers> {
  const [first] = servers.refused;
  if (models.length === 0 && first !== undefined) throw new QschedError('usage', first.message, first.hint);
  const { queues, refused, files } = await distinctQueues(models, device, say);
  for (const { message, hint } of servers.refused) say(`not served: ${message} ${hint}`);
  for (const sentence of refused) say(sentence);
  const artefacts = artefactFolder();
  const store = openArtefactFolder(artefacts);
  const engine = startEngine({ ...device, artefacts, servers: servers.addresses });
  const all = await startScoringWorkers(at, {
    models,
    scoreQueues: queues,
    model: { describe: (request) => describeNetwork(request, { ...device, artefacts: store, queues }), inspectPrompts },
    score: onEngine(engine, device),
  });
  const watch = watchFiles(files, say);
  return {
    ...all,
    done: Promise.race([all.done, servers.broken]),
    stop: async () => {
      clearInterval(watch);
      await all.stop();
      await engine.close();
      await servers.stop();
    },
  };
}

/** Says once which files were changed under a worker that serves them: it refuses to score with them. */
function watchFiles(files: readonly string[], say: (line: string) => void): NodeJS.Timeout {
  const stamps = new Map(stampFiles(files));
  return setInterval(() => {
    for (const path of changedFiles(stamps)) {
      stamps.delete(path);
      say(`${path} was changed while it is served: restart this worker`);
    }
  }, WATCH_MILLISECONDS).unref();
}

/** What scoring workers serve, and with what. */
export interface ScoringWorkers {
  readonly models: readonly string[];
  readonly scoreQueues: readonly string[];
  readonly model: ModelFunctions;
  readonly score: ScoreFunctions;
  /** By which the server knows these workers apart from others of this process; by default the process. */
  readonly identity?: string;
}

/** The workers of one scoring process, whatever does the arithmetic. */
export async function startScoringWorkers(at: WorkerAddress, options: ScoringWorkers): Promise<RunningWorkers> {
  const connection = await NativeConnection.connect(connectionOptions(at));
  const { identity } = options;
  const common = { connection, namespace: at.namespace, ...OPTIONS, ...(identity === undefined ? {} : { identity }) };
  const queues: string[] = [];
  const workers: Worker[] = [];
  const serve = async (taskQueue: string, own: Partial<WorkerOptions>): Promise<void> => {
    workers.push(await Worker.create({ ...common, taskQueue, ...own }));
    queues.push(taskQueue);
  };
  for (const model of options.models) {
    await serve(modelQueue(model), {
      activities: createModelActivities(options.model, queues),
      maxConcurrentActivityTaskExecutions: 2,
    });
  }
  for (const queue of options.scoreQueues) {
    await serve(queue, {
      activities: createScoreActivities(options.score),
      maxConcurrentActivityTaskExecutions: 1,
    });
  }
  return running(workers, queues, connection);
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
