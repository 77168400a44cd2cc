/**
 * What one scheduler's file defines: how its configuration is read, and its steps as numbers.
 */
import { QschedError } from '../contract/errors.js';
import type { SchedulerConfig } from './config-reader.js';
import type { SchedulePlan } from './step-plan.js';

/** Options of setTimesteps; a scheduler refuses those that it does not use. */
export interface TimestepOptions {
  /**
   * TCD: gamma of its paper, s = floor((1 - eta) t_prev). DDIM: scale of the added noise.
   * 0 deterministic (the default), 1 fully stochastic.
   */
  readonly eta?: number;
  /**
   * Flow matching: the noise levels before shifting, falling, one per step. Euler: those of the training schedule,
   * which are not shifted. The end, 0, is not among them.
   */
  readonly sigmas?: readonly number[];
  /** The timesteps themselves, falling, one per step; with flow matching they are not shifted, but their sigmas are. */
  readonly timesteps?: readonly number[];
  /** Flow matching with dynamic shifting: log of the shift. */
  readonly mu?: number;
}

/** A configured scheduler, before a number of steps is chosen. */
export interface ConfiguredScheduler {
  /** Resolved configuration in diffusers' key names. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The largest number of steps that this configuration allows. */
  readonly maxSteps: number;
  /** Options that setTimesteps accepts; eta 0 is always accepted. */
  readonly options: readonly (keyof TimestepOptions)[];
  /** The steps; `steps` is checked against maxSteps and eta against [0, 1] before. */
  plan(steps: number, options: TimestepOptions): SchedulePlan;
}

/**
 * The training schedule that a network knows. Schedulers of one family can take each other's place:
 *
 *   alphas       abar from betas
 *   flow         rectified flow
 *   consistency  Karras sigmas
 *   trigflow     x = cos(t) x0 + sin(t) z
 */
export type SchedulerFamily = 'alphas' | 'flow' | 'consistency' | 'trigflow';

export interface SchedulerDefinition {
  /** The diffusers class. */
  readonly className: string;
  readonly family: SchedulerFamily;
  /** Keys of that class that belong to the sampler, not to the network (sampler-options.ts). */
  readonly samplerOptions: readonly string[];
  /** Whether a spec may choose how the timesteps spread (`scheduler.spacing`). */
  readonly spaced: boolean;
  /** @throws QschedError (usage) naming the key, its value and what is allowed */
  configure(config: SchedulerConfig): ConfiguredScheduler;
}

/** The largest number of steps of any schedule here. */
export const MAX_STEPS = 50;

/** @throws QschedError (usage) if the number of steps, eta, or an option does not fit */
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
    const taken = configured.options.length === 0 ? 'It has no options.' : `Options: ${configured.options.join(', ')}.`;
    throw new QschedError(
      'usage',
      `The scheduler "${type}" has no option ${key} (it is ${JSON.stringify(value)}).`,
      key === 'timesteps' ? `${taken} tcd, lcm and euler take timesteps; tcd with eta 0 is DDIM over them.` : taken,
    );
  }
}
