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
  'consistency',
] as const;
export type SchedulerType = (typeof SCHEDULER_TYPES)[number];

/** Optimizers (optimizers/registry.ts). */
export const OPTIMIZER_NAMES = ['grid', 'one-plus-one', 'cma-es', 'random', 'sobol'] as const;
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
