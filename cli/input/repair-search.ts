/**
 * The search that repairs the candidate of a gate.
 */
import { QschedError } from '../../contract/errors.js';
import type { SettledGate } from '../../contract/gate-evaluation.js';
import { pipelineChoice } from '../../contract/pipeline-choice.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { listModels } from '../../inference/models/model-roots.js';
import { settleSearchHere } from '../../planning/settle.js';
import { checkSearch } from './check-here.js';

/** @throws QschedError (usage): a candidate that a search does not repair, or whose model is not here */
export function repairSearch(
  { spec: { candidate, objective, baseline } }: SettledGate,
  budget: number | undefined,
): { readonly spec: SearchSpec; readonly input: unknown } {
  const { model, precision, scheduler, images } = candidate;
  if (images !== undefined || model === undefined) {
    throw new QschedError('usage', '--calibrate: a folder of images has no coefficients.', 'Name networks.');
  }
  if (baseline !== undefined) {
    throw new QschedError(
      'usage',
      '--calibrate: the second gate is on prompts that the baseline does not have.',
      'Leave --baseline out.',
    );
  }
  if (!listModels().includes(model)) {
    throw new QschedError(
      'usage',
      `--calibrate: the model "${model}" is not on this machine.`,
      'Run the gate, the search and the gate again one after another.',
    );
  }
  const { type, scorer, k, weights } = objective;
  const input = {
    model,
    precision,
    scheduler,
    ...pipelineChoice(candidate),
    objective: { type, scorer, k, ...(weights === undefined ? {} : { weights }) },
    ...(budget === undefined ? {} : { optimizer: { budget } }),
  };
  const spec = settleSearchHere(input);
  checkSearch(spec);
  return { spec, input: spec };
}
