/**
 * Consistency sampling over trigonometric time (sCM, Lu and Song 2024; SANA-Sprint), as diffusers 0.42.1's SCMScheduler:
 *
 *   x0 = cos(s) x - sin(s) m
 *   x' = cos(t) x0 + sin(t) sigma_data z,   t the next timestep, 0 after the last step
 *
 * Timesteps are those of SanaSprintPipeline: 1.5708, 1.3 for two steps, otherwise evenly spaced from 1.5708 to 0. Its
 * initial latent is sigma_data z, although the class has an init_noise_sigma of 1.
 */
import { linspace32 } from './betas.js';
import { configReader } from './config-reader.js';
import { MAX_STEPS, type SchedulerDefinition } from './definition.js';
import { checkTimesteps } from './given-steps.js';

const { cos, fround, min, sin } = Math;

/** The first timestep, `max_timesteps`; a little above pi / 2. */
const FIRST = 1.5708;
/** The second of two steps, `intermediate_timesteps`. */
const SECOND_OF_TWO = 1.3;

export const scm: SchedulerDefinition = {
  className: 'SCMScheduler',
  family: 'trigflow',
  samplerOptions: [],
  spaced: false,
  configure(raw) {
    const reader = configReader(raw, 'SCMScheduler');
    const config = {
      num_train_timesteps: reader.whole('num_train_timesteps', 1000, 1, 100_000),
      prediction_type: reader.choice('prediction_type', 'trigflow', ['trigflow']),
      sigma_data: reader.number('sigma_data', 0.5, 1e-9, 1e6),
    };
    reader.finish();
    const { sigma_data } = config;
    return {
      config,
      maxSteps: min(MAX_STEPS, config.num_train_timesteps),
      options: ['timesteps'],
      plan(steps, { timesteps: given }) {
        const bounds = { low: 1e-6, high: FIRST, whole: false, example: `[${FIRST}, ${SECOND_OF_TWO}]` };
        const timesteps = (given === undefined ? own(steps) : checkTimesteps(given, steps, bounds)).map(fround);
        return {
          initNoiseSigma: sigma_data,
          steps: timesteps.map((s, i) => {
            const t = timesteps[i + 1] ?? 0;
            return {
              timestep: s,
              inputScale: 1,
              x0: { x: fround(cos(s)), m: -fround(sin(s)) },
              clip: null,
              prev: { x0: fround(cos(t)), x: 0, m: 0, z: fround(sin(t)) * sigma_data },
            };
          }),
        };
      },
    };
  },
};

const own = (steps: number): number[] =>
  steps === 2 ? [FIRST, SECOND_OF_TWO] : [...linspace32(FIRST, 0, steps + 1)].slice(0, -1);
