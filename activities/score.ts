/**
 * `score` (score queue): candidates of a chunk on all their prompts, on the engine's thread.
 * This thread only heartbeats.
 */
import { hostname } from 'node:os';
import { CancelledFailure, Context } from '@temporalio/activity';
import { QschedError } from '../spec/errors.js';
import type { EngineClient } from '../inference/engine-client.js';
import type { ScoreJobResult } from '../inference/engine-messages.js';
import { openModelFolder } from '../inference/model-folder.js';
import type { NumericClass } from '../inference/numeric-class.js';
import { prepareModel, schedulerOf } from '../inference/prepare.js';
import { splitTexts } from '../inference/prompt-sets.js';
import { encodeFloats } from '../spec/float-text.js';
import type { ScoreRequest, ScoreResult } from '../spec/payloads.js';
import { asActivity } from './failures.js';
import { withHeartbeat } from './heartbeat.js';

/** Scores on whatever does the arithmetic: the engine's thread, or a no-op in the benchmark. */
export type ScoreFunction = (request: ScoreRequest, watch: { signal: AbortSignal; onProgress: (share: number) => void }) => Promise<ScoreResult>;

/** Activities of a score queue. */
export const createScoreActivities = (score: ScoreFunction) => ({
  score: (request: ScoreRequest): Promise<ScoreResult> =>
    asActivity(() => withHeartbeat(async (onProgress) => {
      const { cancellationSignal: signal } = Context.current();
      try {
        return await score(request, { signal, onProgress });
      } catch (error) {
        if (signal.aborted) throw new CancelledFailure('Scoring was cancelled.');
        throw error;
      }
    })),
});

/** Scores on the engine's thread. */
export const scoreOnEngine = (engine: EngineClient, numeric: NumericClass): ScoreFunction => async (request, watch) => {
  await refuseOtherFiles(request, numeric);
  const scheduler = schedulerOf(openModelFolder(request.model, request.precision), request.scheduler);
  const seeds = request.split.seeds;
  const pairs = splitTexts(request.split).flatMap((text) => seeds.map((seed) => ({ text, seed })));
  const everything = pairs.map((_, i) => i);
  const wanted = request.trials.map((trial) => trial.missing ?? everything);
  const result = await engine.score({
    identity: { model: request.model, precision: request.precision, scorers: Object.keys(request.contexts).sort() },
    schedules: request.trials.map((trial) => scheduler.fused(trial.coefficients)),
    wanted, pairs,
  }, watch);
  return toScoreResult(request, wanted, result);
};

/** The files of this worker must be those that the search was prepared with. */
async function refuseOtherFiles(request: ScoreRequest, numeric: NumericClass): Promise<void> {
  const roles = Object.keys(request.contexts);
  const { prepared } = await prepareModel({ model: request.model, scheduler: request.scheduler, objective: { scorer: roles[0]! }, confirm: { scorers: roles.slice(1) } }, request.precision, numeric);
  const other = roles.find((role) => prepared.contexts[role] !== request.contexts[role]);
  if (other !== undefined) {
    throw new QschedError('failure', `The files of model "${request.model}" or of its scorer "${other}" on this worker differ from those that the search was prepared with.`, 'Restart the worker after changing model files, and give every worker the same ones.');
  }
}

function toScoreResult(request: ScoreRequest, wanted: readonly (readonly number[])[], result: ScoreJobResult): ScoreResult {
  return {
    trials: request.trials.map((trial, k) => ({
      index: trial.index,
      coefficients: trial.coefficients,
      evaluations: wanted[k]!,
      scorers: result.scorers.map((scorer, s) => ({ scorer, names: result.names, values: encodeFloats(result.values[k]![s]!) })),
      failed: result.failed[k]!,
    })),
    seconds: result.seconds,
    runtimeSeconds: result.runtimeSeconds,
    worker: `${process.pid}@${hostname()}`,
  };
}
