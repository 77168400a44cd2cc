/**
 * The engine's own thread: ONNX Runtime blocks it, so that nobody else is blocked.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, QschedError } from '../spec/errors.js';
import { TERM_NAMES } from './clip-scorer.js';
import type { EngineIdentity, EngineThreadData, FromEngine, ScoreJob, ScoreJobResult, ToEngine } from './engine-messages.js';
import { openModelFolder } from './model-folder.js';
import { runtimeClock } from './runtime-session.js';
import { openScorerFolder } from './scorer-folder.js';
import { openScoringEngine, type ScoringEngine } from './scoring-engine.js';

const MOST_ENGINES = 3;
const options = workerData as EngineThreadData;
const port = parentPort!;
const engines = new Map<string, Promise<ScoringEngine>>();
const cancelled = new Set<number>();
let queue: Promise<void> = Promise.resolve();

const send = (message: FromEngine): void => port.postMessage(message);
/** Lets messages in between two network calls. */
const breath = () => new Promise<void>((done) => { setImmediate(done); });

function engineFor(identity: EngineIdentity): Promise<ScoringEngine> {
  const key = JSON.stringify(identity);
  const found = engines.get(key);
  if (found) return found;
  const model = openModelFolder(identity.model, identity.precision);
  const made = openScoringEngine(model, identity.scorers.map((role) => openScorerFolder(role, model)), options);
  made.catch(() => engines.delete(key));
  engines.set(key, made);
  if (engines.size > MOST_ENGINES) {
    const [oldest, engine] = engines.entries().next().value!;
    engines.delete(oldest);
    void engine.then((e) => e.release());
  }
  return made;
}

async function score(id: number, job: ScoreJob): Promise<ScoreJobResult> {
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
        if (cancelled.has(id)) throw new QschedError('failure', 'Cancelled.');
      },
    },
  );
  const width = TERM_NAMES.length;
  return {
    scorers: engine.scorers,
    names: TERM_NAMES,
    values: results.map((evaluations) =>
      engine.scorers.map((_, s) => {
        const values = new Float64Array(evaluations.length * width).fill(NaN);
        evaluations.forEach((evaluation, at) => { if ('terms' in evaluation) values.set(evaluation.terms[s]!, at * width); });
        return values;
      })),
    failed: results.map((evaluations) => evaluations.flatMap((evaluation, at) => ('failed' in evaluation ? [{ at, reason: evaluation.failed }] : []))),
    seconds: (performance.now() - start) / 1000,
    runtimeSeconds: runtimeClock.seconds - runtimeBefore,
  };
}

port.on('message', (message: ToEngine) => {
  if (message.type === 'cancel') {
    cancelled.add(message.id);
    return;
  }
  queue = queue.then(async () => {
    try {
      send({ type: 'done', id: message.id, result: await score(message.id, message.job) });
    } catch (error) {
      const code = error instanceof QschedError ? error.code : 'unexpected';
      send({ type: 'failed', id: message.id, message: messageOf(error), code, hint: error instanceof QschedError ? error.hint : '' });
    } finally {
      cancelled.delete(message.id);
    }
  });
});
