/**
 * The public surface of diffusion/.
 */
export { SCHEDULER_TYPES, type SchedulerType } from '../contract/names.js';
export { alphasCumprod, type BetaConfig, type BetaSchedule } from './betas.js';
export {
  checkCoefficients,
  coefficientSpace,
  identityCoefficients,
  linspace,
  type CoefficientShape,
  type CoefficientSpace,
  type CoefficientSpaceOptions,
  type CoefficientTune,
} from './coefficients.js';
export type { SchedulerConfig } from './config-reader.js';
export type { SchedulerFamily, TimestepOptions } from './definition.js';
export { dynamicShift, empiricalShift } from './flow-shift.js';
export { fluxSigmas } from './flow-sigmas.js';
export { applyFused, type FusedSchedule, type FusedStep } from './fused.js';
export { gaussianNoise, type NoiseRequest } from './noise.js';
export { configFor, familyOf, typesFor } from './other-sampler.js';
export { applyPtqd, fitPtqd, type GammaMethod, type PtqdFitOptions, type PtqdStep } from './ptqd.js';
export { createScheduler, type Scheduler, type StepOptions, type StepResult } from './scheduler.js';
export type { StepCoefficients } from './step-plan.js';
export { buildTrajectoryTree, type TrajectoryLevel, type TrajectoryTree } from './trajectory-tree.js';
