/**
 * `check` (store queue): what is wrong with a spec is said at once, before any worker is waited for.
 */
import { listModels, findModel } from '../inference/model-roots.js';
import { checkFiles } from '../inference/prepare.js';
import { QschedError } from '../spec/errors.js';
import type { CheckRequest } from '../spec/payloads.js';

/** Whether some worker serves a model, wherever its files are. */
export type ModelServed = (model: string) => Promise<boolean>;

/**
 * Passes where a worker serves the model: its files decide, in `prepare`. Otherwise this machine's files do.
 *
 * @throws QschedError (usage): wrong for the files here, or a model that neither this machine nor any worker has
 */
export async function checkSpec({ spec, patient }: CheckRequest, modelServed: ModelServed): Promise<void> {
  if (await modelServed(spec.model)) return;
  if (listModels().includes(spec.model)) {
    checkFiles(spec);
    return;
  }
  if (patient) return;
  try {
    findModel(spec.model);
  } catch (error) {
    if (!(error instanceof QschedError)) throw error;
    throw new QschedError('usage', error.message, `${error.hint} If another machine has it, start its worker first (npx qsched worker --model ${spec.model}), or give waitForWorker.`);
  }
}
