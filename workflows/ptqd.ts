/**
 * The `ptqd` workflow: prepare both networks, fit PTQD on calibration prompts, store the schedule. A fit of the same
 * files, prompts and options is found, not made again.
 */
import { setCurrentDetails } from '@temporalio/workflow';
import { QschedError } from '../contract/errors.js';
import type { PrepareResult } from '../contract/payloads.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { PtqdInput, type FitPtqdRequest, type PtqdResult } from '../contract/study-payloads.js';
import { parseSearchSpec } from '../contract/validate.js';
import { modelActivities, scoreActivities, store } from './activities.js';
import { asFailure } from './failure.js';
import { whileServed } from './patience.js';

/**
 * Fits PTQD for one model, precision and scheduler.
 *
 * @param input a PtqdInput as a user wrote it: only `search.model` is required
 */
export async function ptqd(input: unknown): Promise<PtqdResult> {
  try {
    const { gamma, bias, spec } = validate(input);
    setCurrentDetails(`Preparing **${spec.model}** at ${spec.precision} and at full precision.`);
    const { prepare } = modelActivities(spec.model, spec.waitForWorker);
    const prepared = await prepare.executeWithOptions({ summary: `${spec.model} ${spec.precision}` }, [{ spec }]);
    const request = requestOf(spec, prepared, { gamma, bias });
    const {
      contexts,
      referenceContexts,
      scheduler,
      split: { sha256, seeds },
    } = request;
    const inputs = { gamma, bias, contexts, referenceContexts, scheduler, prompts: sha256, seeds };
    const found = await store.findFit({ inputs });
    if (found !== null) return { ...found, seconds: 0 };
    const fit = await fitOf(request, prepared.quantised.scoreQueue, spec.waitForWorker);
    const { document, trajectories } = fit;
    const { id } = await store.addFit({ inputs, document, trajectories, texts: prepared.texts.calibration });
    setCurrentDetails(`Stored as schedule ${id}.`);
    return { ...fit, id };
  } catch (error) {
    throw asFailure(error);
  }
}

function requestOf(
  { model, precision, scheduler }: SearchSpec,
  { quantised, reference, splits }: PrepareResult,
  options: Pick<FitPtqdRequest, 'gamma' | 'bias'>,
): FitPtqdRequest {
  if (reference === null) throw new QschedError('failure', 'The full-precision network was not prepared.');
  const { contexts } = quantised;
  const split = splits.calibration;
  return {
    model,
    precision,
    reference: reference.precision,
    scheduler,
    contexts,
    referenceContexts: reference.contexts,
    split,
    ...options,
  };
}

function fitOf(request: FitPtqdRequest, queue: string, waitSeconds: number) {
  const { model, gamma, bias, split } = request;
  setCurrentDetails(`Fitting PTQD (gamma by ${gamma}, one bias a ${bias}) on ${split.count} prompts.`);
  const { fitPtqd } = scoreActivities(queue, waitSeconds);
  const summary = `PTQD, ${gamma}, ${bias}`;
  return whileServed(model, queue, () => fitPtqd.executeWithOptions({ summary }, [request]));
}

function validate(input: unknown) {
  const read = PtqdInput.safeParse(input);
  if (!read.success) {
    const issue = read.error.issues[0]!;
    throw new QschedError(
      'usage',
      `ptqd: ${issue.path.join('.') || 'the input'}: ${issue.message}.`,
      'For example: {"search": {"model": "shapes"}, "gamma": "std", "bias": "channel"}',
    );
  }
  const { search, gamma, bias } = read.data;
  const spec = parseSearchSpec(search);
  if (spec.precision === 'fp32') {
    throw new QschedError(
      'usage',
      'PTQD corrects a quantised network, and search.precision is "fp32".',
      'Choose a quantised precision, such as w4a8.',
    );
  }
  return { gamma, bias, spec: { ...spec, control: 'evaluate' as const } };
}
