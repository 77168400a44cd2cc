/**
 * Reads a scheduler's configuration: diffusers' scheduler_config.json or the short form of this package.
 *
 * Every key is either used, or known to have no effect at its value, or named in an error: nothing that would change the
 * samples is ignored silently.
 */
import { QschedError } from '../contract/errors.js';

/** A diffusers scheduler_config.json (`_class_name`), or `{ type: 'tcd', ... }` with the same keys. */
export interface SchedulerConfig {
  readonly type?: string;
  readonly _class_name?: string;
  readonly [key: string]: unknown;
}

export interface ConfigReader {
  /** A finite number from `low` to `high`. */
  number(key: string, fallback: number, low: number, high: number): number;
  /** A whole number from `low` to `high`. */
  whole(key: string, fallback: number, low: number, high: number): number;
  /** A number from `low` to `high`, or null, which is the default. */
  numberOrNull(key: string, low: number, high: number): number | null;
  flag(key: string, fallback: boolean): boolean;
  choice<T extends string>(key: string, fallback: T, allowed: readonly T[]): T;
  /** Call last. @throws QschedError (usage) naming the first key that was neither used nor harmless */
  finish(): void;
}

/** Keys that change nothing in any scheduler here, at any value. */
const BOOKKEEPING = new Set([
  'type',
  'skip_prk_steps',
  'dynamic_thresholding_ratio',
  'sample_max_value',
  'clip_sample_range',
  'clip_sample_value',
  'upscale_mode',
]);

/** Keys of features that are not implemented here, with the values that turn them off. */
const SWITCHED_OFF: Readonly<Record<string, readonly unknown[]>> = {
  clip_sample: [false, null],
  thresholding: [false, null],
  rescale_betas_zero_snr: [false, null],
  trained_betas: [null],
  use_karras_sigmas: [false, null],
  use_exponential_sigmas: [false, null],
  use_beta_sigmas: [false, null],
  use_flow_sigmas: [false, null],
  interpolation_type: ['linear', null],
  timestep_type: ['discrete', null],
  final_sigmas_type: ['zero', null],
  sigma_min: [null],
  sigma_max: [null],
  invert_sigmas: [false, null],
  shift_terminal: [null],
  stochastic_sampling: [false, null],
  scale_factors: [null],
};

/**
 * A reader over one configuration.
 *
 * @param className the diffusers class, for messages
 * @param noEffect keys that this scheduler accepts but ignores, as diffusers 0.42.1 does
 */
export function configReader(
  config: SchedulerConfig,
  className: string,
  noEffect: readonly string[] = [],
): ConfigReader {
  const read = new Set<string>();
  const take = (key: string): unknown => {
    read.add(key);
    return config[key];
  };
  const wrong = (key: string, allowed: string): never => {
    throw new QschedError(
      'usage',
      `${className}: ${key} is ${show(config[key])}: must be ${allowed}.`,
      `Change ${key} in the scheduler config.`,
    );
  };
  const number = (key: string, fallback: number, low: number, high: number): number => {
    const value = take(key) ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < low || value > high) {
      return wrong(key, `a number from ${low} to ${high}`);
    }
    return value;
  };
  return {
    number,
    whole(key, fallback, low, high) {
      const value = number(key, fallback, low, high);
      return Number.isInteger(value) ? value : wrong(key, `a whole number from ${low} to ${high}`);
    },
    numberOrNull: (key, low, high) => ((take(key) ?? null) === null ? null : number(key, 0, low, high)),
    flag(key, fallback) {
      const value = take(key) ?? fallback;
      return typeof value === 'boolean' ? value : wrong(key, 'true or false');
    },
    choice(key, fallback, allowed) {
      const value = take(key) ?? fallback;
      return allowed.find((one) => one === value) ?? wrong(key, `one of ${allowed.join(', ')}`);
    },
    finish() {
      for (const [key, value] of Object.entries(config)) {
        if (
          read.has(key) ||
          key.startsWith('_') ||
          BOOKKEEPING.has(key) ||
          noEffect.includes(key) ||
          value === undefined
        ) {
          continue;
        }
        const off = SWITCHED_OFF[key];
        if (off?.includes(value)) continue;
        if (off !== undefined) {
          throw new QschedError(
            'usage',
            `${className}: ${key} is ${show(value)}, which is not supported: only ${off.map(show).join(' or ')} is.`,
            `Change ${key} in the scheduler config if the model was trained without it.`,
          );
        }
        throw new QschedError(
          'usage',
          `${className}: unknown key "${key}" (value ${show(value)}) in the scheduler config.`,
          `Remove it; known keys: ${[...read].sort().join(', ')}. Steps and eta are arguments of setTimesteps(n, { eta }).`,
        );
      }
    },
  };
}

function show(value: unknown): string {
  const text = typeof value === 'number' || value === undefined ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Training schedule keys, shared by the schedulers over abar. */
export function readBetas(reader: ConfigReader, start: number, end: number, schedule: 'linear' | 'scaled_linear') {
  return {
    num_train_timesteps: reader.whole('num_train_timesteps', 1000, 1, 100_000),
    beta_start: reader.number('beta_start', start, 1e-12, 0.999),
    beta_end: reader.number('beta_end', end, 1e-12, 0.999),
    beta_schedule: reader.choice('beta_schedule', schedule, ['linear', 'scaled_linear']),
  };
}
