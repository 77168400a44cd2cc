/**
 * How a model is sampled if a spec does not say: by its qsched.json, else by the class that its scheduler_config.json names
 * and the usual number of steps of its family.
 */
import { QschedError } from '../contract/errors.js';
import type { SchedulerType } from '../contract/names.js';
import { PRESETS } from '../contract/presets.js';
import { presetsFor, schedulerTypeOf } from '../diffusion/model-scheduler.js';
import { modelSampling } from '../diffusion/model-sampling.js';
import { SCHEDULERS } from '../diffusion/registry.js';
import type { ModelFolder } from './models/model-folder.js';

/** Few-step models are made for about this many steps. */
const USUAL_STEPS = 4;
/** Families that no preset is for: Song et al. 2023, arXiv 2303.01469, sample consistency models in one or two steps. */
const FAMILY_STEPS: Readonly<Partial<Record<string, number>>> = { consistency: 2 };

type Model = Pick<ModelFolder, 'name' | 'pipeline' | 'schedulerConfig' | 'modelIndex' | 'settings'>;

/** @throws QschedError (usage) if the folder does not say how it is sampled, with the presets that fit */
export function usualType({ name, pipeline, schedulerConfig, settings }: Model): SchedulerType {
  const type = settings.scheduler?.type ?? schedulerTypeOf(name, pipeline, schedulerConfig);
  if (typeof type === 'string') return type;
  throw new QschedError('usage', type.missing, type.hint);
}

/** Those of qsched.json, else of the model's own sigmas, else of the first preset of its family with its scheduler, else the family's. */
export function usualSteps(model: Model): number {
  const { settings, schedulerConfig, pipeline } = model;
  const own = settings.scheduler?.steps ?? modelSampling(model).sigmas?.length;
  if (own !== undefined) return own;
  const { _class_name: className } = schedulerConfig;
  const preset = presetsFor(pipeline).find((name) => SCHEDULERS[PRESETS[name].scheduler.type].className === className);
  return preset === undefined ? (FAMILY_STEPS[pipeline] ?? USUAL_STEPS) : PRESETS[preset].steps[0]!;
}
