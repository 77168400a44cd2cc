/**
 * `fitPtqd` (score queue): PTQD's error model from the outputs of both networks on calibration
 * prompts, along the full-precision trajectories, on the engine's thread.
 */
import { identityCoefficients } from '../diffusion/coefficients.js';
import { scheduleDocument } from '../diffusion/schedule-document.js';
import type { EngineClient } from '../inference/engine/engine-client.js';
import { openModelFolder } from '../inference/models/model-folder.js';
import type { NumericClass } from '../inference/models/numeric-class.js';
import { schedulerOf } from '../inference/prepare/prepare.js';
import { splitPrompts } from '../inference/prompts/prompt-sets.js';
import { QschedError } from '../contract/errors.js';
import type { FitPtqdRequest, FitPtqdResult } from '../contract/study-payloads.js';
import { refuseOtherFiles } from './same-files.js';
import type { Watch } from './watched.js';

/** Fits on whatever does the arithmetic. */
export type FitFunction = (request: FitPtqdRequest, watch: Watch) => Promise<FitPtqdResult>;

/** Where there is no engine. */
export const refuseToFit: FitFunction = async () => {
  throw new QschedError('failure', 'This worker has no engine to fit PTQD with.', 'Start one: npx qsched worker', true);
};

/** Fits on the engine's thread. */
export const fitOnEngine =
  (engine: EngineClient, numeric: NumericClass): FitFunction =>
  async (request, watch) => {
    const { model, precision, reference, scheduler: choice, split, gamma, bias } = request;
    await refuseOtherFiles(request, precision, request.contexts, numeric);
    await refuseOtherFiles(request, reference, request.referenceContexts, numeric);
    const folder = openModelFolder(model, precision);
    const scheduler = schedulerOf(folder, choice);
    const pairs = splitPrompts(split).flatMap(({ text }) => split.seeds.map((seed) => ({ text, seed })));
    const { fits, seconds } = await engine.fit(
      { model, precision, reference, schedule: scheduler.fused(), pairs, options: { gamma, bias } },
      watch,
    );
    const origin = {
      kind: 'ptqd' as const,
      model,
      precision,
      scheduler: { ...choice, config: folder.schedulerConfig },
    };
    return {
      document: scheduleDocument(scheduler, origin, identityCoefficients(choice.steps), fits),
      trajectories: pairs.length,
      seconds,
    };
  };
