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
import type { SchedulerChoice } from '../contract/search-spec.js';
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
  trigflow: () => 'is a consistency model over trigonometric time',
};

/** What a choice changes in a model's config. */
type Changes = Partial<Pick<SchedulerChoice, 'spacing' | 'shift' | 'mu' | 'prediction'>>;

/**
 * The config of scheduler `type` for a model that came with `config`.
 *
 * @param changes `spacing` and `prediction` replace the config's own; `shift` and `mu` replace all of its shifting
 * @throws QschedError (usage) if the model was trained on another kind of schedule, or the scheduler has no such option
 */
export function configFor(type: string, config: SchedulerConfig, changes: Changes = {}): SchedulerConfig {
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
  const { className } = SCHEDULERS[known];
  const left = new Set(leftBehind(known, config));
  const kept = Object.entries(config).filter(([key]) => key !== 'type' && !left.has(key));
  return { ...Object.fromEntries(kept), _class_name: className, ...changedKeys(known, changes) };
}

/**
 * Keys of a config that scheduler `type` does not read, because they are options of other samplers. Of a class that is
 * not built here, everything but what the network was trained with is such an option.
 */
export function leftBehind(type: SchedulerType, config: SchedulerConfig): string[] {
  const { samplerOptions } = SCHEDULERS[type];
  const foreign = isForeign(config);
  return Object.keys(config).filter(
    (key) =>
      !samplerOptions.includes(key) &&
      (SAMPLER_OPTIONS.has(key) || (foreign && !key.startsWith('_') && !TRAINED.includes(key))),
  );
}

/**
 * What a reader should know of a config of a class that is not built here: which of its options are left behind.
 *
 * @returns null where there is none, or the class is one of ours
 */
export function leftBehindNote(type: SchedulerType, config: SchedulerConfig): string | null {
  const keys = isForeign(config) ? leftBehind(type, config) : [];
  if (keys.length === 0) return null;
  return (
    `The model's scheduler_config.json is that of ${config._class_name}, which qsched does not have; ` +
    `"${type}" samples it, without ${keys.join(', ')}.`
  );
}

const isForeign = ({ _class_name: className }: SchedulerConfig): boolean =>
  className !== undefined && !DEFINITIONS.some((one) => one.className === className);

/** What the network was trained with: never left behind. */
const TRAINED = [
  'num_train_timesteps',
  'beta_start',
  'beta_end',
  'beta_schedule',
  'trained_betas',
  'prediction_type',
  'rescale_betas_zero_snr',
];

/** Keys of diffusers for what was chosen. @throws QschedError (usage) if the scheduler has no such option */
function changedKeys(type: SchedulerType, { spacing, shift, mu, prediction }: Changes): Record<string, unknown> {
  const { family, spaced } = SCHEDULERS[type];
  const refuse = (field: string, value: unknown, why: string, hint = 'Leave it out.'): never => {
    throw new QschedError('usage', `scheduler.${field} is ${JSON.stringify(value)}, but ${why}.`, hint);
  };
  if (spacing !== undefined && !spaced) {
    const why = `the timesteps of the scheduler "${type}" are fixed by its method`;
    const types = SCHEDULER_TYPES.filter((one) => SCHEDULERS[one].spaced && SCHEDULERS[one].family === family);
    const others = `Leave it out, or set scheduler.type to one of ${types.join(', ')}.`;
    refuse('spacing', spacing, why, types.length === 0 ? undefined : others);
  }
  if (family === 'flow' && spacing === 'leading') {
    refuse('spacing', spacing, 'flow matching has no such spacing', FLOW_SPACINGS);
  }
  for (const [field, value] of Object.entries({ shift, mu })) {
    if (value === undefined || family === 'flow') continue;
    refuse(field, value, `the scheduler "${type}" shifts nothing: it is for flow matching`);
  }
  if (prediction !== undefined && family !== 'alphas') {
    refuse('prediction', prediction, 'a network of this kind predicts one thing');
  }
  return {
    ...(spacing === undefined || family === 'flow' ? {} : { timestep_spacing: spacing }),
    ...(shift === undefined ? {} : { shift, use_dynamic_shifting: false, shift_terminal: null }),
    ...(mu === undefined ? {} : { use_dynamic_shifting: true, time_shift_type: 'exponential', shift_terminal: null }),
    ...(prediction === undefined ? {} : { prediction_type: prediction }),
  };
}

const FLOW_SPACINGS =
  "Allowed: trailing (sigmas from 1 to 1/N, as FLUX) and linspace (the scheduler's own, as Stable Diffusion 3).";
