/**
 * TCD: trajectory consistency distillation (Zheng et al. 2024), also the sampler of PCM models;
 * as diffusers 0.42.1's TCDScheduler.
 *
 *   s   = floor((1 - eta) t_prev), t_prev = 0 after the last step
 *   x_s = sqrt(abar_s) x0 + sqrt(1 - abar_s) eps
 *   x'  = sqrt(abar_p / abar_s) x_s + sqrt(1 - abar_p / abar_s) z    (eta > 0, not the last step)
 *   x'  = x_s                                                        otherwise
 *
 * `eta` is gamma of the TCD paper. In diffusers the default of `step` is 0.3, but its
 * pipelines pass 0; here the default is 0.
 */
import { alphasCumprod } from './betas.js';
import { configReader, readBetas } from './config-reader.js';
import { consistencyTimesteps } from './consistency-grid.js';
import { MAX_STEPS, type SchedulerDefinition } from './definition.js';
import { checkTrained } from './given-steps.js';
import { predict, type PredictionType } from './prediction.js';
import { CLIPPING, GRID, SPACING } from './sampler-options.js';
import type { StepPlan } from './step-plan.js';

const { floor, fround, min, sqrt } = Math;

export const tcd: SchedulerDefinition = {
  className: 'TCDScheduler',
  family: 'alphas',
  samplerOptions: [...GRID, ...CLIPPING, ...SPACING, 'set_alpha_to_one'],
  spaced: false,
  configure(raw) {
    const reader = configReader(raw, 'TCDScheduler', [
      'timestep_spacing',
      'steps_offset',
      'timestep_scaling',
      'set_alpha_to_one',
    ]);
    const betas = readBetas(reader, 0.00085, 0.012, 'scaled_linear');
    const config = {
      ...betas,
      original_inference_steps: reader.whole('original_inference_steps', 50, 1, betas.num_train_timesteps),
      prediction_type: reader.choice<PredictionType>('prediction_type', 'epsilon', [
        'epsilon',
        'sample',
        'v_prediction',
      ]),
    };
    reader.finish();
    const abar = alphasCumprod(config);
    return {
      config,
      maxSteps: min(MAX_STEPS, config.original_inference_steps),
      options: ['eta', 'timesteps'],
      plan(steps, { eta = 0, timesteps: given }) {
        const { num_train_timesteps: T, original_inference_steps: S } = config;
        const timesteps = given === undefined ? consistencyTimesteps(T, S, steps) : checkTrained(given, steps, T);
        return {
          initNoiseSigma: 1,
          steps: timesteps.map((t, i) => stepOf(abar, config.prediction_type, t, timesteps[i + 1], eta)),
        };
      },
    };
  },
};

function stepOf(abar: Float32Array, type: PredictionType, t: number, next: number | undefined, eta: number): StepPlan {
  const previous = next ?? 0;
  const s = floor(fround(fround(1 - eta) * previous)); // in float32, as torch multiplies a whole tensor by a number
  const abarS = abar[s]!;
  const { x0, eps } = predict(type, abar[t]!);
  const noisy = eta > 0 && next !== undefined;
  const ratio = noisy ? abar[previous]! / abarS : 1;
  const keep = sqrt(ratio);
  const direction = keep * sqrt(1 - abarS);
  return {
    timestep: t,
    inputScale: 1,
    x0,
    clip: null,
    prev: { x0: keep * sqrt(abarS), x: direction * eps.x, m: direction * eps.m, z: noisy ? sqrt(1 - ratio) : 0 },
  };
}
