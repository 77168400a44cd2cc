/**
 * The engine's own thread: ONNX Runtime blocks it, so that nobody else is blocked.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, QschedError } from '../../contract/errors.js';
import { openArtefactFolder, type ArtefactStore } from '../../artefacts/artefact-store.js';
import { openModelFolder } from '../models/model-folder.js';
import { refuseOtherScorer } from '../prepare/prepare-evaluate.js';
import type { EngineControl } from './draw-blocks.js';
import { openEngineCache } from './engine-cache.js';
import type { EngineJob, EngineJobs, EngineThreadData, FromEngine, ToEngine } from './engine-messages.js';
import { fitOnTrajectories } from './ptqd-fit.js';
import { renderShard, type RenderTools } from './render-shard.js';
import { scoreJob } from './score-job.js';
import { summariseRow } from './summarise-row.js';

type Result = EngineJobs[keyof EngineJobs]['result'];

const options = workerData as EngineThreadData;
const port = parentPort!;
const engineFor = openEngineCache(options);
const cancelled = new Set<number>();
let folder: ArtefactStore | undefined;
let queue: Promise<void> = Promise.resolve();

const send = (message: FromEngine): void => port.postMessage(message);
const secondsSince = (start: number): number => (performance.now() - start) / 1000;

function artefacts(): ArtefactStore {
  if (options.artefacts === undefined) {
    throw new QschedError('failure', 'This worker has no artefact folder.', 'Start it with npx qsched worker.');
  }
  return (folder ??= openArtefactFolder(options.artefacts));
}

/** Tells of a job's progress, and stops it where it was cancelled. */
const controlOf = (id: number): Required<EngineControl> => ({
  onProgress: (share) => send({ type: 'progress', id, share }),
  async checkpoint() {
    // Lets messages in between two network calls.
    await new Promise<void>((done) => {
      setImmediate(done);
    });
    if (cancelled.has(id)) throw new QschedError('failure', 'Cancelled.');
  },
});

async function fit(job: EngineJobs['fit']['job'], control: EngineControl): Promise<EngineJobs['fit']['result']> {
  const start = performance.now();
  const fits = await fitOnTrajectories(job, options, control);
  return { fits, seconds: secondsSince(start) };
}

async function render(
  job: EngineJobs['render']['job'],
  control: EngineControl,
): Promise<EngineJobs['render']['result']> {
  const start = performance.now();
  const { identity } = job;
  const tools: RenderTools = {
    artefacts: artefacts(),
    openEngine: () => engineFor(identity),
    batch: options.batch,
    refuseOther: (scorer) => refuseOtherScorer(openModelFolder(identity.model, identity.precision), scorer),
  };
  const made = await renderShard(job, tools, control);
  return { ...made, seconds: secondsSince(start) };
}

/** From what is kept alone: what fails once fails again. */
async function summarise(
  id: number,
  job: EngineJobs['summarise']['job'],
  { checkpoint }: Required<EngineControl>,
): Promise<EngineJobs['summarise']['result']> {
  try {
    return await summariseRow(job, artefacts(), checkpoint);
  } catch (error) {
    if (!(error instanceof QschedError) || cancelled.has(id)) throw error;
    throw new QschedError(error.code, error.message, error.hint, true);
  }
}

async function work(message: EngineJob): Promise<Result> {
  const control = controlOf(message.id);
  await control.checkpoint();
  switch (message.type) {
    case 'score':
      return scoreJob(message.job, () => engineFor(message.job.identity), control);
    case 'fit':
      return fit(message.job, control);
    case 'render':
      return render(message.job, control);
    case 'summarise':
      return summarise(message.id, message.job, control);
  }
}

async function answer(message: EngineJob): Promise<void> {
  const { id } = message;
  try {
    send({ type: 'done', id, result: await work(message) });
  } catch (error) {
    const known = error instanceof QschedError ? error : { code: 'unexpected' as const, hint: '', final: false };
    send({ type: 'failed', id, message: messageOf(error), code: known.code, hint: known.hint, final: known.final });
  } finally {
    cancelled.delete(id);
  }
}

port.on('message', (message: ToEngine) => {
  if (message.type === 'cancel') cancelled.add(message.id);
  else queue = queue.then(() => answer(message));
});
