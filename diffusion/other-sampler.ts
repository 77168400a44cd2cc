/**
 * Sampling a model with another scheduler than the one that its scheduler_config.json names:
 * the class is replaced, what the model was trained with stays, and options of the sampler that
 * the new one does not have are left behind, as diffusers' `from_config` does.
 *
 * Two schedulers can take each other's place where they share the training schedule:
 *
 *   alphas       abar from betas: tcd, lcm, ddim, euler, euler-ancestral
 *   flow         rectified flow: flow-match-euler
 *   consistency  Karras sigmas: consistency
 *
 * Left behind knowingly, where the new scheduler has no such option: the grid and boundary of
 * distilled samplers (`original_inference_steps`, `timestep_scaling`), clipping and thresholding
 * of the predicted sample, the end of the schedule (`set_alpha_to_one`, `final_sigmas_type`),
 * spacing, sigma ladders and interpolation, and the solver options of samplers that are not built
 * here. Nothing else is: betas, prediction type and zero-SNR rescaling belong to the network, and
 * a key that nobody knows is refused by the scheduler's own reader.
 */
import { QschedError } from '../contract/errors.js';
import { SCHEDULER_TYPES, type SchedulerType } from '../contract/names.js';
import type { SchedulerConfig } from './config-reader.js';

/** Schedulers of one training schedule. */
export type SchedulerFamily = 'alphas' | 'flow' | 'consistency';

const CLIPPING = ['clip_sample', 'clip_sample_range', 'thresholding', 'dynamic_thresholding_ratio', 'sample_max_value'];
const SPACING = ['timestep_spacing', 'steps_offset'];
const GRID = ['original_inference_steps', 'timestep_scaling'];
const LADDER = [
  'use_karras_sigmas',
  'use_exponential_sigmas',
  'use_beta_sigmas',
  'sigma_min',
  'sigma_max',
  'interpolation_type',
  'timestep_type',
  'final_sigmas_type',
];
/** Options of PNDM, DDPM, DPM-Solver, UniPC, DEIS and Heun, which are not built here. */
const SOLVERS = [
  'skip_prk_steps',
  'variance_type',
  'solver_order',
  'solver_type',
  'solver_p',
  'algorithm_type',
  'lower_order_final',
  'euler_at_final',
  'use_lu_lambdas',
  'lambda_min_clipped',
  'predict_x0',
  'disable_corrector',
  'flow_shift',
  'use_flow_sigmas',
];

interface Member {
  readonly className: string;
  readonly family: SchedulerFamily;
  /** Sampler options that the diffusers class has. */
  readonly options: readonly string[];
}

const MEMBERS: Readonly<Record<SchedulerType, Member>> = {
  tcd: { className: 'TCDScheduler', family: 'alphas', options: [...GRID, ...CLIPPING, ...SPACING, 'set_alpha_to_one'] },
  lcm: { className: 'LCMScheduler', family: 'alphas', options: [...GRID, ...CLIPPING, ...SPACING, 'set_alpha_to_one'] },
  ddim: { className: 'DDIMScheduler', family: 'alphas', options: [...CLIPPING, ...SPACING, 'set_alpha_to_one'] },
  euler: { className: 'EulerDiscreteScheduler', family: 'alphas', options: [...SPACING, ...LADDER] },
  'euler-ancestral': { className: 'EulerAncestralDiscreteScheduler', family: 'alphas', options: SPACING },
  'flow-match-euler': { className: 'FlowMatchEulerDiscreteScheduler', family: 'flow', options: [] },
  consistency: { className: 'CMStochasticIterativeScheduler', family: 'consistency', options: [] },
};

const SAMPLER_OPTIONS = new Set([...GRID, ...CLIPPING, ...SPACING, ...LADDER, ...SOLVERS, 'set_alpha_to_one']);
/** Schedulers with a choice of spacing. */
const SPACED = ['ddim', 'euler', 'euler-ancestral'];

/** The training schedule that a model's config describes; of a class that is not built here, by its keys. */
export function familyOf(config: SchedulerConfig): SchedulerFamily {
  const { _class_name: className, type } = config;
  const member = Object.entries(MEMBERS).find(([name, one]) => one.className === className || name === type)?.[1];
  if (member !== undefined) return member.family;
  if (className === undefined || 'beta_start' in config) return 'alphas';
  throw new QschedError(
    'usage',
    `Unknown scheduler class "${className}".`,
    `Classes: ${Object.values(MEMBERS)
      .map((one) => one.className)
      .join(', ')}.`,
  );
}

/** Types that make sense for a model with this config. */
export function typesFor(config: SchedulerConfig): SchedulerType[] {
  const family = familyOf(config);
  return SCHEDULER_TYPES.filter((type) => MEMBERS[type].family === family);
}

/**
 * The config of scheduler `type` for a model that came with `config`.
 *
 * @param spacing in place of the config's own `timestep_spacing`
 * @throws QschedError (usage) where the model was trained on another kind of schedule, or the scheduler has no spacing to choose
 */
export function configFor(type: string, config: SchedulerConfig, spacing?: string): SchedulerConfig {
  const allowed = typesFor(config);
  const known = allowed.find((one) => one === type);
  if (known === undefined) {
    const { prediction_type: prediction } = config;
    const about = {
      alphas: `predicts ${typeof prediction === 'string' ? prediction : 'epsilon'} over a schedule of betas`,
      flow: 'is a rectified flow',
      consistency: 'is a consistency model over Karras sigmas',
    }[familyOf(config)];
    throw new QschedError(
      'usage',
      `scheduler.type is "${type}", but the model ${about} (${String(config._class_name ?? 'no class')} in its scheduler_config.json).`,
      `Allowed for this model: ${allowed.join(', ')}.`,
    );
  }
  const member = MEMBERS[known];
  if (spacing !== undefined && !SPACED.includes(type)) {
    throw new QschedError(
      'usage',
      `scheduler.spacing is "${spacing}", but the scheduler "${type}" has timesteps of its own.`,
      `Leave it out, or set scheduler.type to one of ${SPACED.join(', ')}.`,
    );
  }
  const kept = Object.entries(config).filter(
    ([key]) =>
      key !== 'type' &&
      (!SAMPLER_OPTIONS.has(key) || config._class_name === member.className || member.options.includes(key)),
  );
  return {
    ...Object.fromEntries(kept),
    _class_name: member.className,
    ...(spacing === undefined ? {} : { timestep_spacing: spacing }),
  };
}
