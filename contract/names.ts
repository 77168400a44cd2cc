/**
 * The names that specs, registries and messages share. A registry is a `Record` over one of these unions, so that a name
 * without its entry does not compile.
 */

/** Schedulers, in the order in which messages list them (diffusion/registry.ts). */
export const SCHEDULER_TYPES = [
  'tcd',
  'lcm',
  'ddim',
  'euler',
  'euler-ancestral',
  'flow-match-euler',
  'flow-match-lcm',
  'consistency',
  'scm',
] as const;
export type SchedulerType = (typeof SCHEDULER_TYPES)[number];

/** Presets, in the order in which messages list them (contract/presets.ts). */
export const PRESET_NAMES = [
  'lcm',
  'tcd',
  'pcm',
  'sd-turbo',
  'sdxl-turbo',
  'sdxl-lightning',
  'sdxl-lightning-1-step',
  'hyper-sd',
  'hyper-sd-unified',
  'hyper-sd-1-step',
  'dmd2',
  'dmd2-1-step',
  'flux.1-schnell',
  'flux.2-klein',
  'flux.2-dev-turbo',
  'z-image-turbo',
  'qwen-image-lightning',
  'krea-2-turbo',
  'ernie-image-turbo',
  'sd3.5-turbo',
  'sana-sprint',
] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** Optimizers (optimizers/registry.ts). */
export const OPTIMIZER_NAMES = ['grid', 'one-plus-one', 'cma-es', 'gp', 'auto', 'random', 'sobol'] as const;
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

/** Objectives (metrics/objectives/registry.ts). */
export const OBJECTIVE_TYPES = [
  'jaq-clip',
  'jaq-clip-log',
  'jaq-preference',
  'jaq-preference-tables',
  'iq',
  'weighted',
] as const;
export type ObjectiveType = (typeof OBJECTIVE_TYPES)[number];

/** Scores of an image beside its reference's image (metrics/pairwise/pair-score-table.ts). */
export const PAIR_SCORE_NAMES = ['psnr', 'ssim', 'lpips', 'dinov2', 'clip-image'] as const;
export type PairScoreName = (typeof PAIR_SCORE_NAMES)[number];
