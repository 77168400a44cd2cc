/**
 * Consistency sampling of a rectified flow (students of latent consistency or distribution matching distillation), as
 * diffusers 0.42.1's FlowMatchLCMScheduler without scales: x' = (1 - sigma_next) (x - sigma m) + sigma_next z.
 */
import { configReader } from './config-reader.js';
import { MAX_STEPS, type SchedulerDefinition } from './definition.js';
import { renoised } from './flow-match-euler.js';
import { flowOptions, flowSchedule, readFlow } from './flow-sigmas.js';
import { SHIFTING } from './sampler-options.js';

export const flowMatchLcm: SchedulerDefinition = {
  className: 'FlowMatchLCMScheduler',
  family: 'flow',
  samplerOptions: [...SHIFTING, 'scale_factors', 'upscale_mode'],
  spaced: true,
  configure(raw) {
    const reader = configReader(raw, 'FlowMatchLCMScheduler');
    const config = readFlow(reader);
    reader.finish();
    return {
      config,
      maxSteps: Math.min(MAX_STEPS, config.num_train_timesteps),
      options: flowOptions(config),
      plan(steps, options) {
        const { timesteps, sigmas } = flowSchedule(config, steps, options);
        return {
          initNoiseSigma: 1,
          steps: timesteps.map((timestep, i) => renoised(timestep, sigmas[i]!, sigmas[i + 1]!)),
        };
      },
    };
  },
};
