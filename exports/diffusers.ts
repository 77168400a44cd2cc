/**
 * One Python file: the schedule as a scheduler of diffusers. It steps by its own table, so that neither the class of the
 * model's scheduler nor what a version of diffusers makes of timesteps and sigmas changes anything.
 */
import { QschedError } from '../contract/errors.js';
import { fillTemplate } from './python-template.js';
import type { ExportTarget } from './target.js';

const FILE = 'qsched_scheduler.py';
/** Schedulers whose timesteps are whole numbers in diffusers as well. */
const WHOLE = new Set(['tcd', 'lcm', 'ddim']);

export const diffusers: ExportTarget = {
  help: `${FILE}: a scheduler for any text-to-image pipeline of diffusers`,
  write({ document: { provenance, scheduler }, fused }) {
    if (scheduler.type === 'scm') {
      throw new QschedError(
        'usage',
        "SanaSprintPipeline scales latents itself and drops the last timestep, so it only works with diffusers' own SCMScheduler.",
        'Export --to json, and apply it to the scheduler with tools/qsched_diffusers.py (docs/export.md).',
      );
    }
    const steps = fused.steps.map(({ timestep, inputScale, a, b, d, n }) => ({
      timestep,
      input_scale: inputScale,
      a,
      b,
      d,
      n,
    }));
    const content = fillTemplate(FILE, provenance, {
      type: scheduler.type,
      init_noise_sigma: fused.initNoiseSigma,
      whole_timesteps: Number(WHOLE.has(scheduler.type)),
      steps,
    });
    return {
      files: [{ name: FILE, content }],
      notes: ['pipe.scheduler = QschedScheduler()', `pipe(prompt, num_inference_steps=${steps.length})`],
    };
  },
};
