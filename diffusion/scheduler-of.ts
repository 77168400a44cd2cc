/**
 * The scheduler of a spec, configured from what a model came with.
 */
import type { SearchSpec } from '../contract/search-spec.js';
import type { TimestepOptions } from './definition.js';
import { dynamicShift, fluxSigmas } from './flow-match-euler.js';
import { configFor } from './other-sampler.js';
import { SCHEDULERS } from './registry.js';
import { createScheduler, type Scheduler } from './scheduler.js';

/** What a scheduler is configured from. */
export interface SchedulerSource {
  /** The model's scheduler_config.json. */
  readonly schedulerConfig: Readonly<Record<string, unknown>>;
  /** (channels, height, width) of a latent. */
  readonly latentShape: readonly [number, number, number];
}

/** A scheduler with its timesteps set. @throws QschedError (usage) if the model or the scheduler does not allow the choice */
export function schedulerOf(model: SchedulerSource, choice: SearchSpec['scheduler']): Scheduler {
  const scheduler = createScheduler(configFor(choice.type, model.schedulerConfig, choice.spacing));
  const flow = SCHEDULERS[scheduler.type].family === 'flow' ? flowOptions(scheduler, model, choice.steps) : {};
  scheduler.setTimesteps(choice.steps, { eta: choice.eta, ...flow });
  return scheduler;
}

/** What FLUX's pipelines pass: sigmas from 1 to 1/N, and a shift by the number of 2 x 2 packed tokens. */
function flowOptions(
  scheduler: Scheduler,
  { latentShape: [, height, width] }: SchedulerSource,
  steps: number,
): TimestepOptions {
  const {
    use_dynamic_shifting: dynamic,
    base_shift,
    max_shift,
    base_image_seq_len,
    max_image_seq_len,
  } = scheduler.config as Parameters<typeof dynamicShift>[1] & { use_dynamic_shifting: boolean };
  const tokens = Math.floor((height * width) / 4);
  return {
    sigmas: fluxSigmas(steps),
    ...(dynamic ? { mu: dynamicShift(tokens, { base_shift, max_shift, base_image_seq_len, max_image_seq_len }) } : {}),
  };
}
