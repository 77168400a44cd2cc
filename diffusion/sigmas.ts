/**
 * Noise levels of the Euler samplers: sigma = sqrt((1 - abar) / abar), interpolated at the
 * timesteps, float32, with 0 (or the smallest sigma) after the last step; and what the two
 * samplers share: configuration, initial sigma, input scale, and the predicted x0.
 */
import { alphasCumprod } from './betas.js';
import { readBetas, type ConfigReader } from './config-reader.js';
import type { Mix } from './prediction.js';
import { spacedTimesteps, type TimestepSpacing } from './spacing.js';

const { floor, fround, max, sqrt } = Math;

/** Keys that both Euler samplers read; defaults as diffusers 0.42.1. */
export function readSigmas(reader: ConfigReader) {
  const betas = readBetas(reader, 0.0001, 0.02, 'linear');
  return {
    ...betas,
    timestep_spacing: reader.choice<TimestepSpacing>('timestep_spacing', 'linspace', [
      'linspace',
      'leading',
      'trailing',
    ]),
    steps_offset: reader.whole('steps_offset', 0, 0, betas.num_train_timesteps - 1),
  };
}

type SigmaConfig = ReturnType<typeof readSigmas>;

/** sigma of every training timestep, float32 at each operation. */
export function trainingSigmas(config: SigmaConfig): number[] {
  return Array.from(alphasCumprod(config), (abar) => fround(sqrt(fround(fround(1 - abar) / abar))));
}

interface SigmaSchedule {
  readonly timesteps: readonly number[];
  /** One more than the timesteps. */
  readonly sigmas: readonly number[];
  readonly initNoiseSigma: number;
}

/** Timesteps with their sigmas; `last` is the sigma after the last step. */
export function sigmaSchedule(
  config: SigmaConfig,
  training: readonly number[],
  steps: number,
  last: number,
): SigmaSchedule {
  const timesteps = spacedTimesteps(config, steps).map(fround);
  const sigmas = [...timesteps.map((t) => fround(interpolate(training, t))), fround(last)];
  const top = max(...sigmas);
  return { timesteps, sigmas, initNoiseSigma: config.timestep_spacing === 'leading' ? sqrt(top ** 2 + 1) : top };
}

/** x / sqrt(sigma^2 + 1) is what the network sees. */
export const sigmaInputScale = (sigma: number): number => 1 / sqrt(sigma ** 2 + 1);

/** Predicted x0 as a mix of x and m, with x = x0 + sigma eps. */
export function predictFromSigma(type: 'epsilon' | 'sample' | 'v_prediction', sigma: number): Mix {
  if (type === 'epsilon') return { x: 1, m: -sigma };
  if (type === 'sample') return { x: 0, m: 1 };
  return { x: 1 / (sigma ** 2 + 1), m: -sigma / sqrt(sigma ** 2 + 1) };
}

/**
 * Weights of x' = x + (x - x0) / sigma * dt. With epsilon prediction (x - x0) / sigma is m itself.
 */
export function derivativeStep(
  type: 'epsilon' | 'sample' | 'v_prediction',
  sigma: number,
  dt: number,
): { x0: number; x: number; m: number } {
  if (type === 'epsilon') return { x0: 0, x: 1, m: dt };
  return { x0: -dt / sigma, x: 1 + dt / sigma, m: 0 };
}

function interpolate(values: readonly number[], at: number): number {
  const low = floor(at);
  const from = values[low]!;
  const to = values[low + 1];
  return to === undefined ? from : from + (to - from) * (at - low);
}
