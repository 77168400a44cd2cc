/**
 * The `ptqd` workflow: prepare both networks, fit PTQD on calibration prompts, store the schedule.
 */
import { setCurrentDetails } from '@temporalio/workflow';
import { QschedError } from '../spec/errors.js';
import { PtqdInput, type PtqdResult } from '../spec/study-payloads.js';
import { parseSearchSpec } from '../spec/validate.js';
import { modelActivities, scoreActivities, store } from './activities.js';
import { asFailure } from './search.js';

/**
 * Fits PTQD for one model, precision and scheduler.
 *
 * @param input a PtqdInput as a user wrote it: only `search.model` is required
 */
export async function ptqd(input: unknown): Promise<PtqdResult> {
  try {
    const { gamma, bias, spec } = validate(input);
    setCurrentDetails(`Preparing **${spec.model}** at ${spec.precision} and at full precision.`);
    const prepared = await modelActivities(spec.model, spec.waitForWorker).prepare.executeWithOptions({ summary: `${spec.model} ${spec.precision}` }, [{ spec }]);
    const { quantised, reference, splits } = prepared;
    if (reference === null) throw new QschedError('failure', 'The full-precision network was not prepared.');
    setCurrentDetails(`Fitting PTQD (gamma by ${gamma}, one bias a ${bias}) on ${splits.calibration.count} prompts.`);
    const request = { model: spec.model, precision: spec.precision, reference: reference.precision, scheduler: spec.scheduler, contexts: quantised.contexts, referenceContexts: reference.contexts, split: splits.calibration, nouns: quantised.nouns, gamma, bias };
    const fit = await scoreActivities(quantised.scoreQueue, spec.waitForWorker).fitPtqd.executeWithOptions({ summary: `PTQD, ${gamma}, ${bias}` }, [request]);
    const { id } = await store.addSchedule({ document: fit.document });
    setCurrentDetails(`Stored as schedule ${id}.`);
    return { ...fit, id };
  } catch (error) {
    throw asFailure(error);
  }
}

function validate(input: unknown) {
  const read = PtqdInput.safeParse(input);
  if (!read.success) {
    const issue = read.error.issues[0]!;
    throw new QschedError('usage', `ptqd: ${issue.path.join('.') || 'the input'}: ${issue.message}.`, 'For example: {"search": {"model": "shapes"}, "gamma": "std", "bias": "channel"}');
  }
  const { search, gamma, bias } = read.data;
  const spec = parseSearchSpec(search);
  if (spec.precision === 'fp32') throw new QschedError('usage', 'PTQD corrects a quantised network, and search.precision is "fp32".', 'Choose a quantised precision, such as w4a8.');
  return { gamma, bias, spec: { ...spec, control: 'evaluate' as const } };
}
