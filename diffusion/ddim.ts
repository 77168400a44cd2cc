/**
 * DDIM (Song et al. 2021), as diffusers 0.42.1's DDIMScheduler.
 *
 *   p   = t - floor(T / N), not the next scheduled timestep; abar_p = 1 (set_alpha_to_one) or abar_0 below 0
 *   var = (1 - abar_p) / (1 - abar_t) (1 - abar_t / abar_p), std = eta sqrt(var)
 *   x'  = sqrt(abar_p) x0 + sqrt(1 - abar_p - std^2) eps + std z
 *
 * eps is not derived again from a clipped x0 (use_clipped_model_output = False).
 */
import { alphasCumprod } from './betas.js';
import { configReader, readBetas } from './config-reader.js';
import { MAX_STEPS, type SchedulerDefinition } from './definition.js';
import { predict, type PredictionType } from './prediction.js';
import { CLIPPING, SPACING } from './sampler-options.js';
import { roundHalfEven, spacedTimesteps, type TimestepSpacing } from './spacing.js';
import type { StepPlan } from './step-plan.js';

const { floor, max, min, sqrt } = Math;

export const ddim: SchedulerDefinition = {
  className: 'DDIMScheduler',
  family: 'alphas',
  samplerOptions: [...CLIPPING, ...SPACING, 'set_alpha_to_one'],
  spaced: true,
  configure(raw) {
    const reader = configReader(raw, 'DDIMScheduler');
    const betas = readBetas(reader, 0.0001, 0.02, 'linear');
    const config = {
      ...betas,
      prediction_type: reader.choice<PredictionType>('prediction_type', 'epsilon', [
        'epsilon',
        'sample',
        'v_prediction',
      ]),
      timestep_spacing: reader.choice<TimestepSpacing>('timestep_spacing', 'leading', [
        'leading',
        'trailing',
        'linspace',
      ]),
      steps_offset: reader.whole('steps_offset', 0, 0, betas.num_train_timesteps - 1),
      set_alpha_to_one: reader.flag('set_alpha_to_one', true),
      clip_sample: reader.flag('clip_sample', true),
      clip_sample_range: reader.number('clip_sample_range', 1, 1e-12, 1e12),
    };
    reader.finish();
    const abar = alphasCumprod(config);
    const stepOf = (t: number, stride: number, eta: number): StepPlan => {
      const abarT = abar[t]!;
      const abarP = t >= stride ? abar[t - stride]! : config.set_alpha_to_one ? 1 : abar[0]!;
      const variance = ((1 - abarP) / (1 - abarT)) * (1 - abarT / abarP);
      const std = eta * sqrt(max(0, variance));
      const direction = sqrt(max(0, 1 - abarP - std ** 2));
      const { x0, eps } = predict(config.prediction_type, abarT);
      return {
        timestep: t,
        inputScale: 1,
        x0,
        clip: config.clip_sample ? config.clip_sample_range : null,
        prev: { x0: sqrt(abarP), x: direction * eps.x, m: direction * eps.m, z: std },
      };
    };
    return {
      config,
      maxSteps: min(MAX_STEPS, config.num_train_timesteps),
      options: ['eta'],
      plan(steps, { eta = 0 }) {
        const stride = floor(config.num_train_timesteps / steps);
        const timesteps = spacedTimesteps(config, steps).map(roundHalfEven);
        return { initNoiseSigma: 1, steps: timesteps.map((t) => stepOf(t, stride, eta)) };
      },
    };
  },
};
