/**
 * `check` (store queue): what is wrong with a spec is said at once, before any worker is waited for.
 */
import { listModels, findModel } from '../inference/models/model-roots.js';
import { settleEvaluationHere, settleGateHere, settleSearchHere } from '../planning/settle.js';
import { checkGateFiles } from '../planning/check-gate.js';
import { checkEvaluationFiles, checkSearchFiles } from '../planning/check.js';
import { QschedError } from '../contract/errors.js';
import type { CheckedEvaluation, CheckEvaluateRequest } from '../contract/evaluate-payloads.js';
import type { SettledGate } from '../contract/gate-evaluation.js';
import type { CheckGateRequest } from '../contract/gate-payloads.js';
import type { CheckRequest } from '../contract/payloads.js';
import { readGate } from '../contract/validate-gate.js';

/** Whether some worker serves a model, wherever its files are. */
export type ModelServed = (model: string) => Promise<boolean>;

/**
 * Passes where a worker serves the model: its files decide, in `describe`. Otherwise this machine's files do.
 *
 * @throws QschedError (usage): wrong for the files here, or a model that neither this machine nor any worker has
 */
export const checkSpec = ({ spec, input, patient }: CheckRequest, modelServed: ModelServed): Promise<void> =>
  checkModel(spec.model, patient, modelServed, () => checkSearchFiles(settleSearchHere(input)));

/**
 * The same for an evaluation, model by model, with the defaults of the models whose files are here.
 *
 * @throws QschedError (usage) as `checkSpec` does
 */
export async function checkEvaluate(
  { spec, input, patient }: CheckEvaluateRequest,
  modelServed: ModelServed,
): Promise<CheckedEvaluation> {
  const models = [...new Set(spec.rows.map((row) => row.model))];
  const here = models.every((model) => listModels().includes(model));
  const settled = here ? settleEvaluationHere(input) : null;
  for (const model of models) {
    await checkModel(model, patient, modelServed, () => checkEvaluationFiles(settled ?? spec, [model]));
  }
  return { spec: settled };
}

/**
 * The same for a gate.
 *
 * @throws QschedError (usage) as `checkSpec` does
 */
export async function checkGate(
  { input, patient }: CheckGateRequest,
  modelServed: ModelServed,
): Promise<SettledGate | null> {
  const { evaluation } = readGate(input);
  const models = [...new Set(evaluation.rows.map((row) => row.model))];
  const here = models.every((model) => listModels().includes(model));
  const settled = here ? settleGateHere(input) : null;
  for (const model of models) {
    await checkModel(model, patient, modelServed, () =>
      settled === null ? checkEvaluationFiles(evaluation, [model]) : checkGateFiles(settled, [model]),
    );
  }
  return settled;
}

async function checkModel(
  model: string,
  patient: boolean,
  modelServed: ModelServed,
  checkHere: () => unknown,
): Promise<void> {
  if (await modelServed(model)) return;
  if (listModels().includes(model)) {
    checkHere();
    return;
  }
  if (patient) return;
  try {
    findModel(model);
  } catch (error) {
    if (!(error instanceof QschedError)) throw error;
    throw new QschedError(
      'usage',
      error.message,
      `${error.hint} If another machine has it, start its worker first (npx qsched worker --model ${model}), ` +
        'or give waitForWorker.',
    );
  }
}
