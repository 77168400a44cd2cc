/**
 * The engine's own thread: ONNX Runtime blocks it, so that nobody else is blocked.
 */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, QschedError } from '../../spec/errors.js';
import type { RenderResult } from '../../spec/evaluate-payloads.js';
import { openArtefactFolder, type ArtefactStore } from '../artefacts/artefacts.js';
import type { EngineIdentity } from './engine-identity.js';
import type { EngineJob, EngineJobs, EngineThreadData, FitJob, FitJobResult, FromEngine, ScoreJob, ScoreJobResult, ToEngine } from './engine-messages.js';
import { fileStamp } from '../models/file-hashes.js';
import { openModelFolder } from '../models/model-folder.js';
import { fitOnTrajectories } from './ptqd-fit.js';
import { renderShard, type RenderJob } from './render-shard.js';
import { runtimeClock } from '../models/runtime-session.js';
import { openScorerFolder } from '../scorers/scorer-folder.js';
import { openScoringEngine, type Evaluation, type ScoringEngine } from './scoring-engine.js';
import { summariseRow } from './summarise-row.js';

const MOST_ENGINES = 3;
const options = workerData as EngineThreadData;
const port = parentPort!;
const engines = new Map<string, Promise<ScoringEngine>>();
const cancelled = new Set<number>();
let queue: Promise<void> = Promise.resolve();

const send = (message: FromEngine): void => port.postMessage(message);
/** Lets messages in between two network calls. */
const breath = () => new Promise<void>((done) => { setImmediate(done); });

const stampOf = ({ folder, files }: { readonly folder: string; readonly files: readonly string[] }): string[] => files.map((file) => fileStamp(join(folder, file)));

function engineFor(identity: EngineIdentity): Promise<ScoringEngine> {
  const model = openModelFolder(identity.model, identity.precision);
  const scorers = identity.scorers.map((role) => openScorerFolder(role, model));
  // Files that changed on disk need an engine of their own: what was hashed is what must score.
  const key = JSON.stringify([identity, stampOf(model), scorers.map(stampOf)]);
  const found = engines.get(key);
  if (found) return found;
  const made = openScoringEngine(model, scorers, options);
  made.catch(() => engines.delete(key));
  engines.set(key, made);
  if (engines.size > MOST_ENGINES) {
    const [oldest, engine] = engines.entries().next().value!;
    engines.delete(oldest);
    void engine.then((e) => e.release());
  }
  return made;
}

function refuseCancelled(id: number): void {
  if (cancelled.has(id)) throw new QschedError('failure', 'Cancelled.');
}

function failuresOf(evaluation: Evaluation, at: number, scorers: readonly string[]): { at: number; reason: string; scorer?: string }[] {
  if ('failed' in evaluation) return [{ at, reason: evaluation.failed }];
  return evaluation.terms.flatMap((terms, s) => (typeof terms === 'string' ? [{ at, reason: terms, scorer: scorers[s]! }] : []));
}

async function score(id: number, job: ScoreJob): Promise<ScoreJobResult> {
  refuseCancelled(id);
  const start = performance.now();
  const runtimeBefore = runtimeClock.seconds;
  const engine = await engineFor(job.identity);
  let reported = 0;
  const results = await engine.score(
    job.schedules.map((schedule, k) => ({ schedule, pairs: job.wanted[k]! })),
    job.pairs,
    {
      onProgress(share) {
        if (share - reported < 0.02) return;
        reported = share;
        send({ type: 'progress', id, share });
      },
      async breathe() {
        await breath();
        refuseCancelled(id);
      },
    },
  );
  return {
    scorers: engine.scorers.map(({ role }) => role),
    names: engine.scorers.map(({ names }) => names),
    values: results.map((evaluations) =>
      engine.scorers.map(({ names }, s) => {
        const values = new Float64Array(evaluations.length * names.length).fill(NaN);
        evaluations.forEach((evaluation, at) => {
          const terms = 'terms' in evaluation ? evaluation.terms[s]! : '';
          if (typeof terms !== 'string') values.set(terms, at * names.length);
        });
        return values;
      })),
    failed: results.map((evaluations) => evaluations.flatMap((evaluation, at) => failuresOf(evaluation, at, engine.scorers.map(({ role }) => role)))),
    seconds: (performance.now() - start) / 1000,
    runtimeSeconds: runtimeClock.seconds - runtimeBefore,
  };
}

async function fit(id: number, job: FitJob): Promise<FitJobResult> {
  refuseCancelled(id);
  const start = performance.now();
  const fits = await fitOnTrajectories(job, options, {
    onProgress: (share) => send({ type: 'progress', id, share }),
    async breathe() {
      await breath();
      refuseCancelled(id);
    },
  });
  return { fits, seconds: (performance.now() - start) / 1000 };
}

let folder: ArtefactStore | undefined;

function artefacts(): ArtefactStore {
  if (options.artefacts === undefined) throw new QschedError('failure', 'This worker has no artefact folder.', 'Start it with npx qsched worker.');
  return (folder ??= openArtefactFolder(options.artefacts));
}

async function render(id: number, job: RenderJob): Promise<RenderResult> {
  refuseCancelled(id);
  const start = performance.now();
  const made = await renderShard(job, artefacts(), () => engineFor(job.identity), options.batch, {
    onProgress: (share) => send({ type: 'progress', id, share }),
    async breathe() {
      await breath();
      refuseCancelled(id);
    },
  });
  return { ...made, seconds: (performance.now() - start) / 1000 };
}

/** From what is kept alone: what fails once fails again. */
function summarise(job: EngineJobs['summarise']['job']): EngineJobs['summarise']['result'] {
  try {
    return summariseRow(job, artefacts());
  } catch (error) {
    throw error instanceof QschedError ? new QschedError(error.code, error.message, error.hint, true) : error;
  }
}

async function work(message: EngineJob): Promise<EngineJobs[keyof EngineJobs]['result']> {
  switch (message.type) {
    case 'score': return score(message.id, message.job);
    case 'fit': return fit(message.id, message.job);
    case 'render': return render(message.id, message.job);
    case 'summarise': {
      refuseCancelled(message.id);
      return summarise(message.job);
    }
  }
}

port.on('message', (message: ToEngine) => {
  if (message.type === 'cancel') {
    cancelled.add(message.id);
    return;
  }
  queue = queue.then(async () => {
    try {
      send({ type: 'done', id: message.id, result: await work(message) });
    } catch (error) {
      const code = error instanceof QschedError ? error.code : 'unexpected';
      send({ type: 'failed', id: message.id, message: messageOf(error), code, hint: error instanceof QschedError ? error.hint : '', final: error instanceof QschedError && error.final });
    } finally {
      cancelled.delete(message.id);
    }
  });
});
