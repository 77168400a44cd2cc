/**
 * Euler's method on a rectified flow (Stable Diffusion 3, FLUX), as diffusers 0.42.1's FlowMatchEulerDiscreteScheduler:
 *
 *   x' = x + (sigma_next - sigma) m
 *   x' = (1 - sigma_next) (x - sigma m) + sigma_next z     with stochastic_sampling
 *
 * Timesteps are 1000 sigma; FLUX's transformer receives timestep / 1000.
 */
import { configReader } from './config-reader.js';
import { MAX_STEPS, type SchedulerDefinition } from './definition.js';
import { flowOptions, flowSchedule, readFlow } from './flow-sigmas.js';
import { SHIFTING } from './sampler-options.js';
import type { StepPlan } from './step-plan.js';

const { fround, min } = Math;

export const flowMatchEuler: SchedulerDefinition = {
  className: 'FlowMatchEulerDiscreteScheduler',
  family: 'flow',
  samplerOptions: [...SHIFTING, 'stochastic_sampling'],
  spaced: true,
  configure(raw) {
    const reader = configReader(raw, 'FlowMatchEulerDiscreteScheduler');
    const config = { ...readFlow(reader), stochastic_sampling: reader.flag('stochastic_sampling', false) };
    reader.finish();
    return {
      config,
      maxSteps: min(MAX_STEPS, config.num_train_timesteps),
      options: flowOptions(config),
      plan(steps, options) {
        const { timesteps, sigmas } = flowSchedule(config, steps, options);
        const stepOf = config.stochastic_sampling ? renoised : straight;
        return {
          initNoiseSigma: 1,
          steps: timesteps.map((timestep, i) => stepOf(timestep, sigmas[i]!, sigmas[i + 1]!)),
        };
      },
    };
  },
};

const straight = (timestep: number, sigma: number, next: number): StepPlan => ({
  timestep,
  inputScale: 1,
  x0: { x: 1, m: -sigma },
  clip: null,
  prev: { x0: 0, x: 1, m: fround(next - sigma), z: 0 },
});

/** A step to the predicted x0, and back to sigma_next with new noise. */
export const renoised = (timestep: number, sigma: number, next: number): StepPlan => ({
  timestep,
  inputScale: 1,
  x0: { x: 1, m: -sigma },
  clip: null,
  prev: { x0: fround(1 - next), x: 0, m: 0, z: next },
});
