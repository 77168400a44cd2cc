/**
 * LCM: latent consistency models (Luo et al. 2023), as diffusers 0.42.1's LCMScheduler.
 *
 *   c_skip = .25 / ((r t)^2 + .25), c_out = r t / sqrt((r t)^2 + .25), r = timestep_scaling
 *   den    = c_out x0 + c_skip x
 *   x'     = sqrt(abar_p) den + sqrt(1 - abar_p) z, after the last step den
 */
import { alphasCumprod } from './betas.js';
import { configReader, readBetas } from './config-reader.js';
import { consistencyTimesteps } from './consistency-grid.js';
import { MAX_STEPS, type SchedulerDefinition } from './definition.js';
import { checkTrained } from './given-steps.js';
import { predict, type PredictionType } from './prediction.js';
import { CLIPPING, GRID, SPACING } from './sampler-options.js';
import type { StepPlan } from './step-plan.js';

const { min, sqrt } = Math;

/** sigma_data^2 of the boundary condition. */
const DATA_VARIANCE = 0.25;

export const lcm: SchedulerDefinition = {
  className: 'LCMScheduler',
  family: 'alphas',
  samplerOptions: [...GRID, ...CLIPPING, ...SPACING, 'set_alpha_to_one'],
  spaced: false,
  configure(raw) {
    const reader = configReader(raw, 'LCMScheduler', ['timestep_spacing', 'steps_offset', 'set_alpha_to_one']);
    const betas = readBetas(reader, 0.00085, 0.012, 'scaled_linear');
    const clips = reader.flag('clip_sample', false);
    const config = {
      ...betas,
      original_inference_steps: reader.whole('original_inference_steps', 50, 1, betas.num_train_timesteps),
      prediction_type: reader.choice<PredictionType>('prediction_type', 'epsilon', [
        'epsilon',
        'sample',
        'v_prediction',
      ]),
      timestep_scaling: reader.number('timestep_scaling', 10, 0, 1e6),
      clip_sample: clips,
      clip_sample_range: reader.number('clip_sample_range', 1, 1e-12, 1e12),
    };
    reader.finish();
    const abar = alphasCumprod(config);
    const stepOf = (t: number, next: number | undefined): StepPlan => {
      const scaled = t * config.timestep_scaling;
      const skip = DATA_VARIANCE / (scaled ** 2 + DATA_VARIANCE);
      const out = scaled / sqrt(scaled ** 2 + DATA_VARIANCE);
      const keep = next === undefined ? 1 : sqrt(abar[next]!);
      return {
        timestep: t,
        inputScale: 1,
        x0: predict(config.prediction_type, abar[t]!).x0,
        clip: clips ? config.clip_sample_range : null,
        prev: { x0: keep * out, x: keep * skip, m: 0, z: next === undefined ? 0 : sqrt(1 - abar[next]!) },
      };
    };
    return {
      config,
      maxSteps: min(MAX_STEPS, config.original_inference_steps),
      options: ['timesteps'],
      plan(steps, { timesteps: given }) {
        const { num_train_timesteps: T, original_inference_steps: S } = config;
        const timesteps = given === undefined ? consistencyTimesteps(T, S, steps) : checkTrained(given, steps, T);
        return { initNoiseSigma: 1, steps: timesteps.map((t, i) => stepOf(t, timesteps[i + 1])) };
      },
    };
  },
};
