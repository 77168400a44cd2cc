/**
 * How a model is sampled if nothing else is said: by its qsched.json, else by the class that its scheduler_config.json names
 * and the usual number of steps of its family.
 */
import { QschedError } from '../contract/errors.js';
import { SCHEDULER_TYPES, type SchedulerType } from '../contract/names.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { typesFor } from '../diffusion/other-sampler.js';
import { SCHEDULERS } from '../diffusion/registry.js';
import type { ModelFolder } from './models/model-folder.js';

/** Fields of `scheduler` in a spec. */
export type UsualSampling = Pick<SearchSpec['scheduler'], 'type' | 'steps'> &
  Partial<Pick<SearchSpec['scheduler'], 'eta' | 'spacing'>>;

/** Few-step models are made for about this many steps. */
const USUAL_STEPS = 4;
/** A consistency model maps noise to an image in one step (diffusers' default as well). */
const CONSISTENCY_STEPS = 1;

/** @throws QschedError (usage) if the folder names no scheduler, or one that qsched lacks */
export function usualSampling({
  name,
  schedulerConfig,
  settings: { scheduler: own = {} },
}: Pick<ModelFolder, 'name' | 'schedulerConfig' | 'settings'>): UsualSampling {
  const type = own.type ?? typeOf(name, schedulerConfig);
  const steps = own.steps ?? (type === 'consistency' ? CONSISTENCY_STEPS : USUAL_STEPS);
  return {
    type,
    steps,
    ...(own.eta === undefined ? {} : { eta: own.eta }),
    ...(own.spacing === undefined ? {} : { spacing: own.spacing }),
  };
}

function typeOf(model: string, config: ModelFolder['schedulerConfig']): SchedulerType {
  const { _class_name: className } = config;
  const found = SCHEDULER_TYPES.find((type) => SCHEDULERS[type].className === className);
  if (found !== undefined) return found;
  const named = className === undefined ? 'no scheduler' : `${JSON.stringify(className)}, which qsched does not have`;
  throw new QschedError(
    'usage',
    `scheduler.type is missing: the scheduler_config.json of "${model}" names ${named}.`,
    `Choose how the model is sampled: ${typesFor(config).join(', ')}.`,
  );
}
