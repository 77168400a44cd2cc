/**
 * The noise level sigma in x = x0 + sigma eps (up to scale) at which each step starts, by what the network was trained
 * on: sqrt((1 - abar) / abar) over betas, t / T for flow matching, exp(t / 250) for consistency models, and
 * sin(t) / (cos(t) + sin(t)) for trigonometric time, which is flow matching's t / T.
 */
import { alphasCumprod, type BetaConfig } from './betas.js';
import type { SchedulerFamily } from './definition.js';
import { SCHEDULERS } from './registry.js';
import type { Scheduler } from './scheduler.js';

const { cos, exp, floor, sin, sqrt } = Math;

/** sigma of every step, falling. @param scheduler with its timesteps set */
export const noiseLevels = ({ type, config, timesteps }: Scheduler): number[] =>
  timesteps.map(LEVELS[SCHEDULERS[type].family](config));

type Config = Scheduler['config'];

const LEVELS: Readonly<Record<SchedulerFamily, (config: Config) => (timestep: number) => number>> = {
  flow: (config) => (t) => t / (config as { num_train_timesteps: number }).num_train_timesteps,
  consistency: () => (t) => exp(t / 250),
  trigflow: () => (t) => sin(t) / (cos(t) + sin(t)),
  alphas(config) {
    const sigmas = Array.from(alphasCumprod(config as unknown as BetaConfig), (a) => sqrt((1 - a) / a));
    return (t) => {
      const low = floor(t);
      const from = sigmas[low]!;
      return from + ((sigmas[low + 1] ?? from) - from) * (t - low);
    };
  },
};
