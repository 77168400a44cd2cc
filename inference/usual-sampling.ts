/**
 * How a model is sampled if a spec does not say: by its qsched.json, else by the class that its scheduler_config.json names
 * and the usual number of steps of its family.
 */
import { QschedError } from '../contract/errors.js';
import { PRESET_NAMES, SCHEDULER_TYPES, type PresetName, type SchedulerType } from '../contract/names.js';
import { PRESETS } from '../contract/presets.js';
import { modelSampling } from '../diffusion/model-sampling.js';
import { typesFor } from '../diffusion/other-sampler.js';
import { SCHEDULERS } from '../diffusion/registry.js';
import type { ModelFolder } from './models/model-folder.js';

/** Few-step models are made for about this many steps. */
const USUAL_STEPS = 4;
/** Families that no preset is for: Song et al. 2023, arXiv 2303.01469, sample consistency models in one or two steps. */
const FAMILY_STEPS: Readonly<Partial<Record<string, number>>> = { consistency: 2 };

type Model = Pick<ModelFolder, 'name' | 'pipeline' | 'schedulerConfig' | 'modelIndex' | 'settings'>;

/** @throws QschedError (usage) if the folder names no scheduler, or one that qsched lacks */
export function usualType({ name, pipeline, schedulerConfig: config, settings }: Model): SchedulerType {
  if (settings.scheduler?.type !== undefined) return settings.scheduler.type;
  const { _class_name: className } = config;
  const found = SCHEDULER_TYPES.find((type) => SCHEDULERS[type].className === className);
  if (found !== undefined) return found;
  const named = className === undefined ? 'no scheduler' : `${JSON.stringify(className)}, which qsched does not have`;
  throw new QschedError(
    'usage',
    `scheduler.type is missing: the scheduler_config.json of "${name}" names ${named}.`,
    `Choose how the model is sampled, by preset (${presetsOf(pipeline).join(', ')}) or by scheduler.type ` +
      `(${typesFor(config).join(', ')}).`,
  );
}

/** Those of qsched.json, else of the model's own sigmas, else of the first preset of its family with its scheduler, else the family's. */
export function usualSteps(model: Model): number {
  const { settings, schedulerConfig, pipeline } = model;
  const own = settings.scheduler?.steps ?? modelSampling(model).sigmas?.length;
  if (own !== undefined) return own;
  const { _class_name: className } = schedulerConfig;
  const preset = presetsOf(pipeline).find((name) => SCHEDULERS[PRESETS[name].scheduler.type].className === className);
  return preset === undefined ? (FAMILY_STEPS[pipeline] ?? USUAL_STEPS) : PRESETS[preset].steps[0]!;
}

const presetsOf = (family: string): PresetName[] =>
  PRESET_NAMES.filter((name) => PRESETS[name].families.includes(family));
