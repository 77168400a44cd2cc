/**
 * `qsched up` (server and workers, keeps running) and `qsched worker` (scoring only).
 */
import { availableParallelism } from 'node:os';
import { listPrecisions } from '../../inference/models/model-folder.js';
import { findModel, listModels } from '../../inference/models/model-roots.js';
import { serverCommand } from '../../inference/served/served-folder.js';
import { QschedError } from '../../contract/errors.js';
import { connectTemporal } from '../../temporal/connect.js';
import { dataFolder } from '../../temporal/data-folder.js';
import { logToFile } from '../../worker/worker-log.js';
import { startScoring } from '../../worker/workers.js';
import { onInterrupt } from '../follow/interruption.js';
import { enterHost } from '../host/host.js';
import { servingOf } from '../host/serving.js';
import type { Given } from '../input/flag.js';
import type { UP, WORKER } from '../input/flags.js';
import { whole } from '../input/values.js';
import { printJson, say, type GlobalOptions } from '../text/output.js';

const MAX_THREADS = 256;
/** More threads do not make these networks faster. */
const DEFAULT_MAX_THREADS = 16;

/** Serves until it is stopped. @returns the exit code */
export async function upCommand(flags: Given<typeof UP> & GlobalOptions): Promise<number> {
  const models = modelsOf(flags.model);
  const serving = servingOf(flags);
  const stopped = untilStopped('Start it again: npx qsched up');
  const host = await enterHost({ models, serving, say, serve: true });
  const { address, namespace, uiUrl: temporalUi, database, live } = host;
  const ui = temporalUi ? `, UI at ${temporalUi}` : '';
  say(`serving ${models.join(', ')}; Temporal at ${address}${ui}; database ${database}`);
  if (live !== null) say(`live page of its searches: ${live}`);
  say(`start a search: npx qsched search --model ${models[0]}`);
  say(
    `or: temporal workflow start --address ${address} --type search --task-queue qsched --workflow-id my-search --input '{"model":"${models[0]}"}'`,
  );
  if (flags.json) printJson({ address, namespace, temporalUi, livePage: live, database, models });
  try {
    await Promise.race([stopped, host.broken]);
    say('unfinished searches continue with the next `npx qsched up`');
  } finally {
    await host.stop();
  }
  return 0;
}

/** Scores until it is stopped. @returns the exit code */
export async function workerCommand(flags: Given<typeof WORKER> & GlobalOptions): Promise<number> {
  const models = modelsOf(flags.model);
  const byDefault = Math.min(DEFAULT_MAX_THREADS, availableParallelism());
  const threads = whole('--threads', flags.threads, 1, MAX_THREADS) ?? byDefault;
  const { batch, device, allowServer = false } = servingOf(flags);
  const stopped = untilStopped(`Start it again: npx qsched worker --model ${models.join(',')}`);
  const { nativeAddress, connection } = await connectTemporal({ start: false, onProgress: say });
  await connection.close();
  logToFile(dataFolder());
  const workers = await startScoring(nativeAddress, {
    models,
    threads,
    allowServer,
    say,
    ...(batch === undefined ? {} : { batch }),
    ...(device === undefined ? {} : { device }),
  });
  if (process.env['QSCHED_QUIET'] === undefined) {
    say(`scoring ${models.join(', ')} for ${nativeAddress.address} on ${workers.queues.join(', ')}`);
  }
  const { address, namespace } = nativeAddress;
  if (flags.json) printJson({ address, namespace, models, queues: workers.queues });
  process.send?.({ ready: true });
  await Promise.race([stopped, workers.done]);
  await workers.stop();
  return 0;
}

/** The models to serve: what is named must be there, and of the rest one that cannot be used is left out later. */
function modelsOf(named: readonly string[] | undefined): readonly string[] {
  const models = named ?? listModels().filter(startsNothing);
  if (models.length === 0) {
    throw new QschedError('usage', 'There is no model to serve.', 'Put a model folder under QSCHED_MODELS.');
  }
  for (const model of named ?? []) listPrecisions(findModel(model));
  return models;
}

/** A server is started for a model that is named, never for one that was found. */
const startsNothing = (model: string): boolean => serverCommand(findModel(model)) === undefined;

/**
 * Resolves on Ctrl-C, on SIGTERM, or when the process that started this one has gone. A second Ctrl-C ends it at once.
 *
 * @param comeBack how to start it again
 */
function untilStopped(comeBack: string): Promise<void> {
  if (process.send === undefined) return onInterrupt(comeBack, () => 'stopping').happened;
  return new Promise((done) => {
    process.once('SIGINT', () => done());
    process.once('SIGTERM', () => done());
    process.once('disconnect', () => done());
    if (!process.connected) done();
  });
}
