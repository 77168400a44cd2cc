/**
 * Sampling a model with another scheduler than the one that its scheduler_config.json names: the class is replaced, what
 * the model was trained with stays, and sampler options that the new class does not have are left behind, as diffusers'
 * `from_config` does. Only schedulers of the same family (definition.ts) can take each other's place.
 *
 * Betas, prediction type and zero-SNR rescaling belong to the network and are never left behind; a key that nobody knows
 * is refused by the scheduler's own reader.
 */
import { QschedError } from '../contract/errors.js';
import { SCHEDULER_TYPES, type SchedulerType } from '../contract/names.js';
import type { SchedulerConfig } from './config-reader.js';
import type { SchedulerFamily } from './definition.js';
import { SCHEDULERS } from './registry.js';
import { SOLVERS } from './sampler-options.js';

const DEFINITIONS = Object.values(SCHEDULERS);
const SAMPLER_OPTIONS = new Set([...DEFINITIONS.flatMap(({ samplerOptions }) => samplerOptions), ...SOLVERS]);

/**
 * The training schedule that a model's config describes; for a class that is not built here, judged by its keys.
 *
 * @throws QschedError (usage) for an unknown class without betas
 */
export function familyOf(config: SchedulerConfig): SchedulerFamily {
  const { _class_name: className, type } = config;
  const known = SCHEDULER_TYPES.find((name) => SCHEDULERS[name].className === className || name === type);
  if (known !== undefined) return SCHEDULERS[known].family;
  if (className === undefined || 'beta_start' in config) return 'alphas';
  throw new QschedError(
    'usage',
    `Unknown scheduler class "${className}".`,
    `Classes: ${DEFINITIONS.map((one) => one.className).join(', ')}.`,
  );
}

/** Types that fit a model with this config. */
export function typesFor(config: SchedulerConfig): SchedulerType[] {
  const family = familyOf(config);
  return SCHEDULER_TYPES.filter((type) => SCHEDULERS[type].family === family);
}

const PREDICTS: Readonly<Record<SchedulerFamily, (prediction: string) => string>> = {
  alphas: (prediction) => `predicts ${prediction} over a schedule of betas`,
  flow: () => 'is a rectified flow',
  consistency: () => 'is a consistency model over Karras sigmas',
};

/**
 * The config of scheduler `type` for a model that came with `config`.
 *
 * @param spacing replaces the config's own `timestep_spacing`
 * @throws QschedError (usage) if the model was trained on another kind of schedule, or the scheduler has no spacing to choose
 */
export function configFor(type: string, config: SchedulerConfig, spacing?: string): SchedulerConfig {
  const allowed = typesFor(config);
  const known = allowed.find((one) => one === type);
  if (known === undefined) {
    const { prediction_type: prediction, _class_name: className } = config;
    const about = PREDICTS[familyOf(config)](typeof prediction === 'string' ? prediction : 'epsilon');
    throw new QschedError(
      'usage',
      `scheduler.type is "${type}", but the model ${about} (${String(className ?? 'no class')} in its scheduler_config.json).`,
      `Allowed for this model: ${allowed.join(', ')}.`,
    );
  }
  const { className, samplerOptions, spaced } = SCHEDULERS[known];
  if (spacing !== undefined && !spaced) {
    throw new QschedError(
      'usage',
      `scheduler.spacing is "${spacing}", but the timesteps of the scheduler "${type}" are fixed by its method.`,
      `Leave it out, or set scheduler.type to one of ${SCHEDULER_TYPES.filter((one) => SCHEDULERS[one].spaced).join(', ')}.`,
    );
  }
  const kept = Object.entries(config).filter(
    ([key]) =>
      key !== 'type' && (!SAMPLER_OPTIONS.has(key) || config._class_name === className || samplerOptions.includes(key)),
  );
  return {
    ...Object.fromEntries(kept),
    _class_name: className,
    ...(spacing === undefined ? {} : { timestep_spacing: spacing }),
  };
}
