/**
 * `qsched up` (server and workers, stays) and `qsched worker` (scoring alone).
 */
import { availableParallelism } from 'node:os';
import { findModel, listModels } from '../../inference/models/model-roots.js';
import { QschedError } from '../../contract/errors.js';
import { connectTemporal } from '../../temporal/connect.js';
import { dataFolder } from '../../temporal/data-folder.js';
import { logToFile } from '../../worker/worker-log.js';
import { startScoring } from '../../worker/workers.js';
import { enterHost } from '../host/host.js';
import { printJson, say, type GlobalOptions } from '../text/output.js';

/** Rows of every network call where nothing else is said; part of the numeric class. */
const DEFAULT_BATCH = 20;
const MAX_THREADS = 16;

/** Flags of `up` and `worker`. */
export interface UpFlags extends GlobalOptions {
  readonly model?: string[];
  readonly workers?: string;
  readonly batch?: string;
  readonly threads?: string;
  readonly provider?: string;
}

/** Serves until it is stopped. @returns the exit code */
export async function upCommand(flags: UpFlags): Promise<number> {
  const models = modelsOf(flags);
  const scoring = flags.workers === undefined ? undefined : whole('workers', flags.workers, 64);
  const stopped = untilStopped();
  const host = await enterHost({ models, scoring, say, serve: true });
  say(
    `serving ${models.join(', ')}; Temporal at ${host.address}${host.uiUrl ? `, UI at ${host.uiUrl}` : ''}; database ${host.database}`,
  );
  say(`start a search: npx qsched search --model ${models[0]}`);
  say(
    `or: temporal workflow start --address ${host.address} --type search --task-queue qsched --workflow-id my-search --input '{"model":"${models[0]}"}'`,
  );
  if (flags.json) {
    printJson({
      address: host.address,
      namespace: host.namespace,
      temporalUi: host.uiUrl,
      database: host.database,
      models,
    });
  }
  try {
    await Promise.race([stopped, host.broken]);
    say('stopping; searches under way resume the next `npx qsched up`');
  } finally {
    await host.stop();
  }
  return 0;
}

/** Scores until it is stopped. @returns the exit code */
export async function workerCommand(flags: UpFlags): Promise<number> {
  const models = modelsOf(flags);
  const threads = whole('threads', flags.threads ?? String(Math.min(MAX_THREADS, availableParallelism())), 256);
  const batch = whole('batch', flags.batch ?? String(DEFAULT_BATCH), 1024);
  const stopped = untilStopped();
  const { nativeAddress, connection } = await connectTemporal({ start: false, onProgress: say });
  await connection.close();
  logToFile(dataFolder());
  const workers = await startScoring(nativeAddress, { models, batch, threads, provider: flags.provider ?? 'cpu' });
  if (process.env['QSCHED_QUIET'] === undefined) {
    say(`scoring ${models.join(', ')} for ${nativeAddress.address} on ${workers.queues.join(', ')}`);
  }
  process.send?.({ ready: true });
  await Promise.race([stopped, workers.done]);
  await workers.stop();
  return 0;
}

function modelsOf(flags: UpFlags): string[] {
  const models = flags.model ?? listModels();
  if (models.length === 0) {
    throw new QschedError('usage', 'There is no model to serve.', 'Put a model folder under QSCHED_MODELS.');
  }
  for (const model of models) findModel(model);
  return models;
}

function whole(flag: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new QschedError(
      'usage',
      `--${flag} is ${text}: it must be a whole number from 1 to ${most}.`,
      `Change --${flag}.`,
    );
  }
  return value;
}

/** Resolves on Ctrl-C, SIGTERM, or when the process that started this one is gone. */
function untilStopped(): Promise<void> {
  return new Promise((done) => {
    process.once('SIGINT', () => done());
    process.once('SIGTERM', () => done());
    if (process.send === undefined) return;
    process.once('disconnect', () => done());
    if (!process.connected) done();
  });
}
