/**
 * Euler's method on the probability flow (Karras et al. 2022, Algorithm 1 without churn), as
 * diffusers 0.42.1's EulerDiscreteScheduler with s_churn = 0: x' = x + (sigma_next - sigma) m
 * for epsilon prediction, and with the derivative (x - x0) / sigma for the others.
 */
import { configReader } from './config-reader.js';
import { MAX_STEPS, type SchedulerDefinition } from './definition.js';
import type { PredictionType } from './prediction.js';
import { LADDER, SPACING } from './sampler-options.js';
import {
  derivativeStep,
  predictFromSigma,
  readSigmas,
  sigmaInputScale,
  sigmaSchedule,
  trainingSigmas,
} from './sigmas.js';

export const euler: SchedulerDefinition = {
  className: 'EulerDiscreteScheduler',
  family: 'alphas',
  samplerOptions: [...SPACING, ...LADDER],
  spaced: true,
  configure(raw) {
    const reader = configReader(raw, 'EulerDiscreteScheduler', ['set_alpha_to_one']);
    const config = {
      ...readSigmas(reader),
      prediction_type: reader.choice<PredictionType>('prediction_type', 'epsilon', [
        'epsilon',
        'sample',
        'v_prediction',
      ]),
      final_sigmas_type: reader.choice('final_sigmas_type', 'zero', ['zero', 'sigma_min']),
    };
    reader.finish();
    const training = trainingSigmas(config);
    const last = config.final_sigmas_type === 'zero' ? 0 : training[0]!;
    return {
      config,
      maxSteps: Math.min(MAX_STEPS, config.num_train_timesteps),
      options: ['timesteps', 'sigmas'],
      plan(steps, given) {
        const { timesteps, sigmas, initNoiseSigma } = sigmaSchedule(config, training, steps, last, given);
        return {
          initNoiseSigma,
          steps: timesteps.map((timestep, i) => {
            const sigma = sigmas[i]!;
            return {
              timestep,
              inputScale: sigmaInputScale(sigma),
              x0: predictFromSigma(config.prediction_type, sigma),
              clip: null,
              prev: { ...derivativeStep(config.prediction_type, sigma, sigmas[i + 1]! - sigma), z: 0 },
            };
          }),
        };
      },
    };
  },
};
