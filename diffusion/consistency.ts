/**
 * Multistep sampling of consistency models (Song et al. 2023, Algorithm 1), as diffusers 0.42.1's
 * CMStochasticIterativeScheduler.
 *
 *   sigma(r) = (smax^(1/rho) + r (smin^(1/rho) - smax^(1/rho)))^rho over the ramp r of leading timesteps, or of given ones
 *   x0 = c_skip x + c_out m, c_skip = sd^2 / ((sigma - smin)^2 + sd^2), c_out = (sigma - smin) sd / sqrt(sigma^2 + sd^2)
 *   x' = x0 + s_noise sqrt(sigma_next^2 - smin^2) z, sigma_next = smin after the last step
 *
 * The network sees x / sqrt(sigma^2 + sd^2) and 250 ln sigma.
 */
import { configReader, type ConfigReader } from './config-reader.js';
import { MAX_STEPS, type SchedulerDefinition } from './definition.js';
import { checkTrained } from './given-steps.js';

const { floor, fround, log, max, min, sqrt } = Math;

function read(reader: ConfigReader) {
  const sigma_min = reader.number('sigma_min', 0.002, 1e-9, 1e6);
  return {
    num_train_timesteps: reader.whole('num_train_timesteps', 40, 2, 100_000),
    sigma_min,
    sigma_max: reader.number('sigma_max', 80, sigma_min, 1e9),
    sigma_data: reader.number('sigma_data', 0.5, 1e-9, 1e6),
    s_noise: reader.number('s_noise', 1, 0, 1e3),
    rho: reader.number('rho', 7, 1e-3, 1e3),
    clip_denoised: reader.flag('clip_denoised', true),
  };
}

export const consistency: SchedulerDefinition = {
  className: 'CMStochasticIterativeScheduler',
  family: 'consistency',
  samplerOptions: ['sigma_min', 'sigma_max'],
  spaced: false,
  configure(raw) {
    const reader = configReader(raw, 'CMStochasticIterativeScheduler');
    const config = read(reader);
    reader.finish();
    const { num_train_timesteps: T, sigma_min: smin, sigma_max: smax, sigma_data: sd, rho } = config;
    const sigmaAt = (ramp: number): number => {
      const low = smin ** (1 / rho);
      const high = smax ** (1 / rho);
      return (high + ramp * (low - high)) ** rho;
    };
    return {
      config,
      maxSteps: min(MAX_STEPS, T),
      options: ['timesteps'],
      plan(steps, { timesteps: given }) {
        const stride = floor(T / steps);
        const ramp = given === undefined ? ownRamp(steps, stride) : [...checkTrained(given, steps, T)].reverse();
        const levels = ramp.map((rung) => sigmaAt(rung / (T - 1)));
        return {
          initNoiseSigma: smax,
          steps: levels.map((level, i) => {
            const sigma = fround(level);
            const next = levels[i + 1];
            const hat = next === undefined ? smin : min(smax, max(smin, fround(next)));
            return {
              timestep: 250 * log(level),
              inputScale: 1 / sqrt(sigma ** 2 + sd ** 2),
              x0: {
                x: sd ** 2 / ((sigma - smin) ** 2 + sd ** 2),
                m: ((sigma - smin) * sd) / sqrt(sigma ** 2 + sd ** 2),
              },
              clip: config.clip_denoised ? 1 : null,
              prev: { x0: 1, x: 0, m: 0, z: config.s_noise * sqrt(hat ** 2 - smin ** 2) },
            };
          }),
        };
      },
    };
  },
};

const ownRamp = (steps: number, stride: number): number[] => Array.from({ length: steps }, (_, i) => i * stride);
