/**
 * Ancestral Euler sampling (SDXL-Turbo's sampler), as diffusers 0.42.1's
 * EulerAncestralDiscreteScheduler. From sigma f to sigma t:
 *
 *   up = sqrt(t^2 (f^2 - t^2) / f^2), down = sqrt(t^2 - up^2) = t^2 / f
 *   x' = x + (x - x0) / f (down - f) + up z
 *
 * up is 0 after the last step: diffusers generates noise there and multiplies it by 0, here none is needed.
 */
import { configReader } from './config-reader.js';
import { MAX_STEPS, type SchedulerDefinition } from './definition.js';
import { SPACING } from './sampler-options.js';
import {
  derivativeStep,
  predictFromSigma,
  readSigmas,
  sigmaInputScale,
  sigmaSchedule,
  trainingSigmas,
} from './sigmas.js';

export const eulerAncestral: SchedulerDefinition = {
  className: 'EulerAncestralDiscreteScheduler',
  family: 'alphas',
  samplerOptions: SPACING,
  spaced: true,
  configure(raw) {
    const reader = configReader(raw, 'EulerAncestralDiscreteScheduler', ['set_alpha_to_one']);
    const config = {
      ...readSigmas(reader),
      prediction_type: reader.choice<'epsilon' | 'v_prediction'>('prediction_type', 'epsilon', [
        'epsilon',
        'v_prediction',
      ]),
    };
    reader.finish();
    const training = trainingSigmas(config);
    return {
      config,
      maxSteps: Math.min(MAX_STEPS, config.num_train_timesteps),
      options: [],
      plan(steps) {
        const { timesteps, sigmas, initNoiseSigma } = sigmaSchedule(config, training, steps, 0);
        return {
          initNoiseSigma,
          steps: timesteps.map((timestep, i) => {
            const from = sigmas[i]!;
            const to = sigmas[i + 1]!;
            const up = Math.sqrt((to ** 2 * (from ** 2 - to ** 2)) / from ** 2);
            const down = to ** 2 / from;
            return {
              timestep,
              inputScale: sigmaInputScale(from),
              x0: predictFromSigma(config.prediction_type, from),
              clip: null,
              prev: { ...derivativeStep(config.prediction_type, from, down - from), z: up },
            };
          }),
        };
      },
    };
  },
};
