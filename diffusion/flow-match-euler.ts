/**
 * Euler's method on a rectified flow (Stable Diffusion 3, FLUX), as diffusers 0.42.1's
 * FlowMatchEulerDiscreteScheduler: x' = x + (sigma_next - sigma) m, sigma 0 after the last step.
 *
 *   static shift   sigma <- s sigma / (1 + (s - 1) sigma)
 *   dynamic shift  sigma <- M / (M + (1 / sigma - 1)), M = e^mu (exponential) or mu (linear)
 *
 * The same number of steps gives two schedules: FLUX's pipelines pass sigmas = linspace(1, 1/N, N)
 * (fluxSigmas), a bare number of steps spreads them down to the smallest trained sigma. The
 * timesteps are 1000 sigma; FLUX's transformer receives timestep / 1000.
 */
import { QschedError } from '../contract/errors.js';
import { linspace } from './coefficients.js';
import { configReader, type ConfigReader } from './config-reader.js';
import { MAX_STEPS, type SchedulerDefinition, type TimestepOptions } from './definition.js';

const { exp, fround, min } = Math;

type Round = (value: number) => number;
const exact: Round = (value) => value;

function read(reader: ConfigReader) {
  return {
    num_train_timesteps: reader.whole('num_train_timesteps', 1000, 1, 100_000),
    shift: reader.number('shift', 1, 1e-6, 1e6),
    use_dynamic_shifting: reader.flag('use_dynamic_shifting', false),
    base_shift: reader.number('base_shift', 0.5, -100, 100),
    max_shift: reader.number('max_shift', 1.15, -100, 100),
    base_image_seq_len: reader.whole('base_image_seq_len', 256, 1, 1e9),
    max_image_seq_len: reader.whole('max_image_seq_len', 4096, 1, 1e9),
    time_shift_type: reader.choice('time_shift_type', 'exponential', ['exponential', 'linear']),
  };
}

type FlowConfig = ReturnType<typeof read>;

export const flowMatchEuler: SchedulerDefinition = {
  className: 'FlowMatchEulerDiscreteScheduler',
  family: 'flow',
  samplerOptions: [],
  spaced: false,
  configure(raw) {
    const reader = configReader(raw, 'FlowMatchEulerDiscreteScheduler');
    const config = read(reader);
    reader.finish();
    return {
      config,
      maxSteps: min(MAX_STEPS, config.num_train_timesteps),
      options: config.use_dynamic_shifting ? ['sigmas', 'mu'] : ['sigmas'],
      plan(steps, options) {
        const sigmas = shiftedSigmas(config, steps, options);
        return {
          initNoiseSigma: 1,
          steps: sigmas.map((sigma, i) => ({
            timestep: fround(sigma * config.num_train_timesteps),
            inputScale: 1,
            x0: { x: 1, m: -sigma },
            clip: null,
            prev: { x0: 0, x: 1, m: fround((sigmas[i + 1] ?? 0) - sigma), z: 0 },
          })),
        };
      },
    };
  },
};

/** The sigmas that FLUX's pipelines pass: linspace(1, 1 / N, N). */
export const fluxSigmas = (steps: number): number[] => linspace(1, 1 / steps, steps);

/**
 * mu of a dynamic shift: a line over the number of packed image tokens, from base_shift at
 * base_image_seq_len to max_shift at max_image_seq_len (diffusers' `calculate_shift`).
 */
export function dynamicShift(
  tokens: number,
  config: Pick<FlowConfig, 'base_shift' | 'max_shift' | 'base_image_seq_len' | 'max_image_seq_len'> = {
    base_shift: 0.5,
    max_shift: 1.15,
    base_image_seq_len: 256,
    max_image_seq_len: 4096,
  },
): number {
  const slope = (config.max_shift - config.base_shift) / (config.max_image_seq_len - config.base_image_seq_len);
  return tokens * slope + (config.base_shift - slope * config.base_image_seq_len);
}

function shiftedSigmas(config: FlowConfig, steps: number, { sigmas, mu }: TimestepOptions): number[] {
  if (config.use_dynamic_shifting && (mu === undefined || !Number.isFinite(mu))) {
    throw new QschedError(
      'usage',
      `mu is ${String(mu)}: a scheduler with use_dynamic_shifting needs a finite number.`,
      'Pass setTimesteps(steps, { mu: dynamicShift(tokens) }).',
    );
  }
  if (sigmas !== undefined) checkSigmas(sigmas, steps);
  // numpy keeps sigmas that were passed in float32, and computes its own in float64
  const round: Round = sigmas === undefined ? exact : fround;
  const given = sigmas?.map(fround) ?? ownSigmas(config, steps);
  const shifted = given.map((sigma) =>
    config.use_dynamic_shifting ? dynamic(config, mu!, sigma, round) : statically(config.shift, sigma, round),
  );
  return shifted.map(fround);
}

function ownSigmas(config: FlowConfig, steps: number): number[] {
  const T = config.num_train_timesteps;
  const trained = (t: number): number => {
    const sigma = fround(t / T);
    return config.use_dynamic_shifting ? sigma : statically(config.shift, sigma, fround);
  };
  return linspace(trained(T) * T, trained(1) * T, steps).map((t) => t / T);
}

function statically(shift: number, sigma: number, round: Round): number {
  const s = round(shift);
  return round(round(s * sigma) / round(1 + round(round(shift - 1) * sigma)));
}

function dynamic(config: FlowConfig, mu: number, sigma: number, round: Round): number {
  const weight = round(config.time_shift_type === 'exponential' ? exp(mu) : mu);
  return round(weight / round(weight + round(round(1 / sigma) - 1)));
}

function checkSigmas(sigmas: readonly number[], steps: number): void {
  if (sigmas.length !== steps) {
    throw new QschedError(
      'usage',
      `sigmas has ${sigmas.length} numbers, but the schedule has ${steps} steps.`,
      'Give one sigma per step, without the final 0.',
    );
  }
  const falling = sigmas.every((sigma, i) => sigma > 0 && sigma <= 1 && (i === 0 || sigma < sigmas[i - 1]!));
  if (!falling) {
    throw new QschedError(
      'usage',
      `sigmas is [${sigmas.join(', ')}]: must fall strictly, within (0, 1].`,
      'For example [1, 0.75, 0.5, 0.25].',
    );
  }
}
