/**
 * `score` (score queue): candidates of a chunk on all their prompts, on the engine's thread.
 * This thread only heartbeats.
 */
import { hostname } from 'node:os';
import type { EngineClient } from '../inference/engine/engine-client.js';
import { applyPtqd } from '../diffusion/ptqd.js';
import type { ScoreJobResult } from '../inference/engine/engine-messages.js';
import { openModelFolder } from '../inference/models/model-folder.js';
import type { NumericClass } from '../inference/models/numeric-class.js';
import { schedulerOf } from '../inference/prepare/prepare.js';
import { splitPrompts } from '../inference/prompts/prompt-sets.js';
import { encodeFloats } from '../contract/float-text.js';
import type { RenderRequest, RenderResult, SummariseRequest, SummariseResult } from '../contract/evaluate-payloads.js';
import type { ScoreRequest, ScoreResult } from '../contract/payloads.js';
import { scaleFused } from '../contract/schedule-document.js';
import type { FitPtqdRequest, FitPtqdResult } from '../contract/study-payloads.js';
import { refuseToFit, type FitFunction } from './fit-ptqd.js';
import { asActivity } from './failures.js';
import { refuseToRender, type RenderFunctions } from './render.js';
import { refuseOtherFiles } from './same-files.js';
import { watched, type Watch } from './watched.js';

/** Scores on whatever does the arithmetic: the engine's thread, or a no-op in the benchmark. */
export type ScoreFunction = (request: ScoreRequest, watch: Watch) => Promise<ScoreResult>;

/** Activities of a score queue. */
export const createScoreActivities = (
  score: ScoreFunction,
  fit: FitFunction = refuseToFit,
  draw: RenderFunctions = refuseToRender,
) => ({
  render: (request: RenderRequest): Promise<RenderResult> =>
    asActivity(() => watched((watch) => draw.render(request, watch))),
  summarise: (request: SummariseRequest): Promise<SummariseResult> =>
    asActivity(() => watched((watch) => draw.summarise(request, watch))),
  fitPtqd: (request: FitPtqdRequest): Promise<FitPtqdResult> =>
    asActivity(() => watched((watch) => fit(request, watch))),
  score: (request: ScoreRequest): Promise<ScoreResult> => asActivity(() => watched((watch) => score(request, watch))),
});

/** Scores on the engine's thread. */
export const scoreOnEngine =
  (engine: EngineClient, numeric: NumericClass): ScoreFunction =>
  async (request, watch) => {
    await refuseOtherFiles(request, request.precision, request.contexts, numeric);
    const scheduler = schedulerOf(openModelFolder(request.model, request.precision), request.scheduler);
    const seeds = request.split.seeds;
    const pairs = splitPrompts(request.split).flatMap(({ text, nouns }) =>
      seeds.map((seed) => ({ text, nouns, seed })),
    );
    const everything = pairs.map((_, i) => i);
    const wanted = request.trials.map((trial) => trial.missing ?? everything);
    const result = await engine.score(
      {
        identity: { model: request.model, precision: request.precision, scorers: Object.keys(request.contexts).sort() },
        schedules: request.trials.map((trial) =>
          request.ptqd === undefined
            ? scheduler.fused(trial.coefficients)
            : scaleFused(applyPtqd(scheduler.fused(), request.ptqd), trial.coefficients),
        ),
        wanted,
        pairs,
      },
      watch,
    );
    // A scorer behind HTTP may have changed its version meanwhile.
    await refuseOtherFiles(request, request.precision, request.contexts, numeric);
    return toScoreResult(request, wanted, result);
  };

function toScoreResult(
  request: ScoreRequest,
  wanted: readonly (readonly number[])[],
  result: ScoreJobResult,
): ScoreResult {
  return {
    trials: request.trials.map((trial, k) => ({
      index: trial.index,
      coefficients: trial.coefficients,
      evaluations: wanted[k]!,
      scorers: result.scorers.map((scorer, s) => ({
        scorer,
        names: result.names[s]!,
        values: encodeFloats(result.values[k]![s]!),
      })),
      failed: result.failed[k]!,
    })),
    seconds: result.seconds,
    runtimeSeconds: result.runtimeSeconds,
    worker: `${process.pid}@${hostname()}`,
  };
}
