/**
 * Noise levels of rectified flows, as diffusers 0.42.1's FlowMatchEulerDiscreteScheduler and FlowMatchLCMScheduler:
 *
 *   static shift   sigma <- s sigma / (1 + (s - 1) sigma)
 *   dynamic shift  sigma <- M / (M + (1 / sigma - 1)), M = e^mu (exponential) or mu (linear)
 *   stretched      sigma <- 1 - (1 - sigma) (1 - shift_terminal) / (1 - sigma_last)
 *   inverted       sigma <- 1 - sigma, and 1 after the last step
 *
 * The same number of steps gives two schedules: FLUX's pipelines pass sigmas = linspace(1, 1/N, N) (fluxSigmas), a bare
 * number of steps (Stable Diffusion 3) spreads them down to the smallest trained sigma, which is then shifted twice.
 * Sigmas that are passed are shifted too; timesteps that are passed are not, but the sigmas made from them are.
 */
import { QschedError } from '../contract/errors.js';
import { linspace } from './coefficients.js';
import type { ConfigReader } from './config-reader.js';
import type { TimestepOptions } from './definition.js';
import { checkSigmas, checkTimesteps } from './given-steps.js';

const { exp, fround } = Math;

type Round = (value: number) => number;
const exact: Round = (value) => value;

/** Keys that both flow samplers read; defaults as diffusers. */
export function readFlow(reader: ConfigReader) {
  return {
    num_train_timesteps: reader.whole('num_train_timesteps', 1000, 1, 100_000),
    shift: reader.number('shift', 1, 1e-6, 1e6),
    use_dynamic_shifting: reader.flag('use_dynamic_shifting', false),
    base_shift: reader.number('base_shift', 0.5, -100, 100),
    max_shift: reader.number('max_shift', 1.15, -100, 100),
    base_image_seq_len: reader.whole('base_image_seq_len', 256, 1, 1e9),
    max_image_seq_len: reader.whole('max_image_seq_len', 4096, 1, 1e9),
    time_shift_type: reader.choice('time_shift_type', 'exponential', ['exponential', 'linear']),
    shift_terminal: reader.numberOrNull('shift_terminal', 0, 0.999),
    invert_sigmas: reader.flag('invert_sigmas', false),
  };
}

export type FlowConfig = ReturnType<typeof readFlow>;

/** Options of setTimesteps that a flow sampler takes. */
export const flowOptions = (config: FlowConfig): (keyof TimestepOptions)[] =>
  config.use_dynamic_shifting ? ['sigmas', 'timesteps', 'mu'] : ['sigmas', 'timesteps'];

interface FlowSchedule {
  readonly timesteps: readonly number[];
  /** One more than the timesteps. */
  readonly sigmas: readonly number[];
}

/**
 * Timesteps with their sigmas, float32.
 *
 * @throws QschedError (usage): sigmas or timesteps that do not fit, no mu for a dynamic shift, or a stretch that has no
 *   meaning because the first sigma is the last
 */
export function flowSchedule(config: FlowConfig, steps: number, options: TimestepOptions): FlowSchedule {
  const { num_train_timesteps: T, invert_sigmas: inverted } = config;
  const given = options.timesteps && checkTimesteps(options.timesteps, steps, timestepBounds(T)).map(fround);
  const sigmas = shiftedSigmas(config, steps, options, given);
  if (inverted) {
    const rising = sigmas.map((sigma) => fround(1 - sigma));
    return { timesteps: rising.map((sigma) => fround(sigma * T)), sigmas: [...rising, 1] };
  }
  return { timesteps: given ?? sigmas.map((sigma) => fround(sigma * T)), sigmas: [...sigmas, 0] };
}

const timestepBounds = (T: number) => ({ low: 1e-6, high: T, whole: false, example: '[1000, 750, 500, 250]' });

/** The sigmas that FLUX's pipelines pass: linspace(1, 1 / N, N). */
export const fluxSigmas = (steps: number): number[] => linspace(1, 1 / steps, steps);

function shiftedSigmas(
  config: FlowConfig,
  steps: number,
  { sigmas, mu }: TimestepOptions,
  timesteps: readonly number[] | undefined,
): number[] {
  const { num_train_timesteps: T, shift_terminal: terminal } = config;
  if (config.use_dynamic_shifting && (mu === undefined || !Number.isFinite(mu))) {
    throw new QschedError(
      'usage',
      `mu is ${String(mu)}: a scheduler with use_dynamic_shifting needs a finite number.`,
      'Pass setTimesteps(steps, { mu: dynamicShift(tokens) }).',
    );
  }
  // numpy keeps numbers that were passed in float32, and computes its own in float64
  const passed = sigmas ? checkSigmas(sigmas, steps, 1).map(fround) : timesteps?.map((t) => fround(t / T));
  const round: Round = passed === undefined ? exact : fround;
  const shifted = (passed ?? ownSigmas(config, steps)).map((sigma) =>
    config.use_dynamic_shifting ? dynamic(config, mu!, sigma, round) : statically(config.shift, sigma, round),
  );
  return (terminal === null || terminal === 0 ? shifted : stretched(shifted, terminal, round)).map(fround);
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

function stretched(sigmas: readonly number[], terminal: number, round: Round): number[] {
  const scale = round(round(1 - sigmas.at(-1)!) / round(1 - terminal));
  if (scale === 0) {
    throw new QschedError(
      'usage',
      `shift_terminal is ${terminal}, which stretches from the first sigma to the last, but with ${sigmas.length} step(s) both are 1.`,
      'Take more steps, or replace the shifting of the config: scheduler.shift or scheduler.mu.',
    );
  }
  return sigmas.map((sigma) => round(1 - round(round(1 - sigma) / scale)));
}
