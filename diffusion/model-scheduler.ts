/**
 * Which scheduler a model's files name, and which presets fit it. A config that does not say how a few-step model is
 * sampled is never guessed at: a distilled model often carries the config of its base.
 */
import { PRESET_NAMES, SCHEDULER_TYPES, type PresetName, type SchedulerType } from '../contract/names.js';
import { PRESETS } from '../contract/presets.js';
import type { SchedulerConfig } from './config-reader.js';
import { typesFor } from './other-sampler.js';
import { SCHEDULERS } from './registry.js';

/** Why a type is not known, and what a user can write instead. */
interface OpenType {
  readonly missing: string;
  readonly hint: string;
}

/**
 * The scheduler that a model's scheduler_config.json names.
 *
 * @param model its name, for the sentence
 * @param family its family, which decides the presets that are offered
 * @returns the type; or what is missing, where the class is not built here, or the config is that of an undistilled base:
 *   `leading` spacing of a sampler that follows it, which leaves the noisiest quarter of 4 steps out
 */
export function schedulerTypeOf(model: string, family: string, config: SchedulerConfig): SchedulerType | OpenType {
  const { _class_name: className, timestep_spacing: spacing } = config;
  const found = SCHEDULER_TYPES.find((type) => SCHEDULERS[type].className === className);
  if (found === undefined) {
    const named = className === undefined ? 'no scheduler' : `"${className}", which qsched does not have`;
    return open(`the scheduler_config.json of "${model}" names ${named}`, family, config);
  }
  const { spaced, family: trained } = SCHEDULERS[found];
  if (spaced && trained === 'alphas' && spacing === 'leading') {
    return open(
      `the scheduler_config.json of "${model}" is that of a base model: ${className} with leading spacing, whose 4 steps start at timestep 750`,
      family,
      config,
    );
  }
  return found;
}

function open(reason: string, family: string, config: SchedulerConfig): OpenType {
  const presets = presetsFor(family);
  const types = `scheduler.type (${typesFor(config).join(', ')})`;
  return {
    missing: `scheduler.type is missing: ${reason}.`,
    hint: `Choose how the model is sampled, by ${presets.length === 0 ? '' : `preset (${presets.join(', ')}) or by `}${types}.`,
  };
}

/** The presets for a family of models, in the order of the table. */
export const presetsFor = (family: string): PresetName[] =>
  PRESET_NAMES.filter((name) => PRESETS[name].families.includes(family));
