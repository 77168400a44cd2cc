/**
 * The scheduler of a spec, configured from what a model came with.
 */
import { QschedError } from '../contract/errors.js';
import type { SchedulerChoice } from '../contract/search-spec.js';
import type { TimestepOptions } from './definition.js';
import { dynamicShift, empiricalShift, type ShiftLine } from './flow-shift.js';
import { fluxSigmas } from './flow-sigmas.js';
import { modelSampling, type ModelFiles } from './model-sampling.js';
import { configFor } from './other-sampler.js';
import { SCHEDULERS } from './registry.js';
import { createScheduler, type Scheduler } from './scheduler.js';

/** What a scheduler is configured from. */
export interface SchedulerSource extends ModelFiles {
  /** The model's scheduler_config.json. */
  readonly schedulerConfig: Readonly<Record<string, unknown>>;
  /** (channels, height, width) of a latent. */
  readonly latentShape: readonly [number, number, number];
}

/** A scheduler with its timesteps set. @throws QschedError (usage) if the model or the scheduler does not allow the choice */
export function schedulerOf(model: SchedulerSource, choice: SchedulerChoice): Scheduler {
  if (choice.mu !== undefined && choice.shift !== undefined) {
    throw new QschedError(
      'usage',
      `scheduler.mu is ${choice.mu} and scheduler.shift is ${choice.shift}: both replace the shifting of the model's config.`,
      'Give one of them.',
    );
  }
  const { family } = SCHEDULERS[choice.type];
  const own = family === 'flow' ? modelSampling(model) : {};
  const scheduler = createScheduler(configFor(choice.type, model.schedulerConfig, choice));
  const { steps, eta, timesteps, sigmas } = choice;
  scheduler.setTimesteps(steps, {
    eta,
    ...(timesteps === undefined ? {} : { timesteps }),
    ...(sigmas === undefined ? {} : { sigmas }),
    ...(family === 'flow' ? flowOptions(scheduler, model, choice, own) : {}),
  });
  return scheduler;
}

/** What the model's pipeline in diffusers passes, where the choice says nothing else. */
function flowOptions(
  scheduler: Scheduler,
  { latentShape: [, height, width] }: SchedulerSource,
  { steps, sigmas, timesteps, spacing, mu: given }: SchedulerChoice,
  own: ReturnType<typeof modelSampling>,
): TimestepOptions {
  const { use_dynamic_shifting: dynamic, ...line } = scheduler.config as unknown as ShiftLine & {
    readonly use_dynamic_shifting: boolean;
  };
  const tokens = Math.floor((height * width) / 4); // packed 2 x 2
  const rule = given ?? own.mu ?? dynamicShift(tokens, line);
  const mu = rule === 'flux2' ? empiricalShift(tokens, steps) : rule;
  const passed = sigmas !== undefined || timesteps !== undefined || (spacing ?? own.spacing) === 'linspace';
  const usual = own.sigmas?.length === steps ? own.sigmas : fluxSigmas(steps);
  return { ...(passed ? {} : { sigmas: usual }), ...(dynamic ? { mu } : {}) };
}
