/**
 * Noise levels of the Euler samplers: sigma = sqrt((1 - abar) / abar), interpolated at the
 * timesteps, float32, with 0 (or the smallest sigma) after the last step; and what the two
 * samplers share: configuration, initial sigma, input scale, and the predicted x0.
 */
import { QschedError } from '../contract/errors.js';
import { alphasCumprod } from './betas.js';
import { readBetas, type ConfigReader } from './config-reader.js';
import type { TimestepOptions } from './definition.js';
import { checkSigmas, checkTimesteps } from './given-steps.js';
import type { Mix } from './prediction.js';
import { spacedTimesteps, type TimestepSpacing } from './spacing.js';

const { floor, fround, log, max, min, sqrt } = Math;

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

/**
 * Timesteps with their sigmas; `last` is the sigma after the last step.
 *
 * @throws QschedError (usage): timesteps or sigmas that were given and do not fit
 */
export function sigmaSchedule(
  config: SigmaConfig,
  training: readonly number[],
  steps: number,
  last: number,
  given: Pick<TimestepOptions, 'timesteps' | 'sigmas'> = {},
): SigmaSchedule {
  if (given.sigmas !== undefined && given.timesteps !== undefined) {
    throw new QschedError(
      'usage',
      'sigmas and timesteps are both given: each determines the other.',
      'Give one of them.',
    );
  }
  const { timesteps, sigmas } = given.sigmas
    ? fromSigmas(training, checkSigmas(given.sigmas, steps, 1e6).map(fround))
    : fromTimesteps(config, training, steps, last, given.timesteps);
  const top = max(...sigmas);
  return { timesteps, sigmas, initNoiseSigma: config.timestep_spacing === 'leading' ? sqrt(top ** 2 + 1) : top };
}

type Ladder = Pick<SigmaSchedule, 'timesteps' | 'sigmas'>;

function fromTimesteps(
  config: SigmaConfig,
  training: readonly number[],
  steps: number,
  last: number,
  given: readonly number[] | undefined,
): Ladder {
  const bounds = { low: 0, high: training.length - 1, whole: false, example: '[999, 749, 499, 249]' };
  const timesteps = (given ? checkTimesteps(given, steps, bounds) : spacedTimesteps(config, steps)).map(fround);
  return { timesteps, sigmas: [...timesteps.map((t) => fround(interpolate(training, t))), fround(last)] };
}

/** Sigmas that were given, 0 after the last step: a timestep is where ln sigma lies between those of the training. */
function fromSigmas(training: readonly number[], sigmas: readonly number[]): Ladder {
  const logs = training.map((sigma) => fround(log(sigma)));
  const timesteps = sigmas.map((sigma) => {
    const at = fround(log(max(sigma, 1e-10)));
    const above = logs.findIndex((value) => value > at);
    const low = min(max((above < 0 ? logs.length : above) - 1, 0), logs.length - 2);
    const weight = fround(fround(logs[low]! - at) / fround(logs[low]! - logs[low + 1]!));
    return fround((1 - min(max(weight, 0), 1)) * low + min(max(weight, 0), 1) * (low + 1));
  });
  return { timesteps, sigmas: [...sigmas, 0] };
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
