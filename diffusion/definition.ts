/**
 * What one scheduler's file gives: how its configuration is read, and its steps as numbers.
 */
import { QschedError } from '../contract/errors.js';
import type { SchedulerConfig } from './config-reader.js';
import type { SchedulePlan } from './step-plan.js';

/** Options of setTimesteps; a scheduler refuses those that it has no use for. */
export interface TimestepOptions {
  /**
   * TCD: gamma of its paper, s = floor((1 - eta) t_prev). DDIM: scale of the added noise.
   * 0 deterministic (the default), 1 fully stochastic.
   */
  readonly eta?: number;
  /** Flow matching: the noise levels before shifting, falling, one per step. */
  readonly sigmas?: readonly number[];
  /** Flow matching with dynamic shifting: log of the shift. */
  readonly mu?: number;
}

/** A configured scheduler, before a number of steps is chosen. */
export interface ConfiguredScheduler {
  /** Resolved configuration in diffusers' key names. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Most steps that this configuration allows. */
  readonly maxSteps: number;
  /** Options that setTimesteps takes; eta 0 is always taken. */
  readonly options: readonly (keyof TimestepOptions)[];
  /** The steps; `steps` is checked against maxSteps and eta against [0, 1] before. */
  plan(steps: number, options: TimestepOptions): SchedulePlan;
}

export interface SchedulerDefinition {
  /** Our short name, as in `{ type: 'tcd' }`. */
  readonly type: string;
  /** The diffusers class. */
  readonly className: string;
  /** @throws QschedError (usage) naming the key, its value and what is allowed */
  configure(config: SchedulerConfig): ConfiguredScheduler;
}

/** Most steps of any schedule here. */
export const MAX_STEPS = 50;

/** @throws QschedError (usage) where the number of steps, eta, or an option does not fit */
export function checkTimestepOptions(
  type: string,
  configured: ConfiguredScheduler,
  steps: number,
  options: TimestepOptions,
): void {
  if (!Number.isInteger(steps) || steps < 1 || steps > configured.maxSteps) {
    throw new QschedError(
      'usage',
      `steps is ${String(steps)}: the scheduler "${type}" takes a whole number from 1 to ${configured.maxSteps}.`,
      'For example 4.',
    );
  }
  const { eta } = options;
  if (eta !== undefined && !(eta >= 0 && eta <= 1)) {
    throw new QschedError(
      'usage',
      `eta is ${String(eta)}: must be a number from 0 to 1.`,
      '0 is deterministic, 1 fully stochastic.',
    );
  }
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || (key === 'eta' && value === 0) || configured.options.some((known) => known === key)) {
      continue;
    }
    const taken = configured.options.length === 0 ? 'It takes none.' : `It takes: ${configured.options.join(', ')}.`;
    throw new QschedError(
      'usage',
      `The scheduler "${type}" has no option ${key} (given: ${JSON.stringify(value)}).`,
      taken,
    );
  }
}
