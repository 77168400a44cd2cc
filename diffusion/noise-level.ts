/**
 * The noise level sigma in x = x0 + sigma eps (up to scale) that each step starts from, on every
 * scheduler's own terms: sqrt((1 - abar) / abar) over betas, t / T for flow matching, and
 * exp(t / 250) for the consistency model.
 */
import { alphasCumprod, type BetaConfig } from './betas.js';
import type { Scheduler } from './scheduler.js';

const { exp, floor, sqrt } = Math;

/** sigma of every step, falling. @param scheduler with its timesteps set */
export function noiseLevels({ type, config, timesteps }: Scheduler): number[] {
  const { num_train_timesteps: T } = config as { num_train_timesteps: number };
  if (type === 'flow-match-euler') return timesteps.map((t) => t / T);
  if (type === 'consistency') return timesteps.map((t) => exp(t / 250));
  const abar = alphasCumprod(config as unknown as BetaConfig);
  const sigmas = Array.from(abar, (a) => sqrt((1 - a) / a));
  return timesteps.map((t) => {
    const low = floor(t);
    const from = sigmas[low]!;
    return from + ((sigmas[low + 1] ?? from) - from) * (t - low);
  });
}
