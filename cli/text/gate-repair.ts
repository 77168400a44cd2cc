/**
 * From a failed gate to its repair: the search for the candidate's coefficients.
 */
import type { GateSpec } from '../../contract/gate-spec.js';
import { pipelineFlags } from '../../contract/pipeline-choice.js';
import { modelArgument } from '../input/model-path.js';

/** The fields of a scheduler that have no flag. */
const WITHOUT_FLAG = ['sigmas', 'timesteps', 'mu', 'shift', 'prediction'] as const;

/**
 * The command that searches coefficients for the candidate of a gate; null where a search would not repair it: a folder of
 * images, full precision, or a scheduler that only a file can describe.
 */
export function repairCommand({ candidate }: GateSpec): string | null {
  const { model, precision, scheduler, images } = candidate;
  if (images !== undefined || model === undefined || precision === undefined || precision === 'fp32') return null;
  if (scheduler === undefined || WITHOUT_FLAG.some((field) => scheduler[field] !== undefined)) return null;
  const { type, steps, eta, spacing } = scheduler;
  return [
    `npx qsched search --model ${modelArgument(model)} --precision ${precision} --scheduler ${type} --steps ${steps}`,
    eta === 0 ? '' : ` --eta ${eta}`,
    spacing === undefined ? '' : ` --spacing ${spacing}`,
    pipelineFlags(candidate),
  ].join('');
}
