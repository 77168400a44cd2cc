/**
 * The `ptqd` workflow: describe both networks, plan, fit PTQD on calibration prompts, store the schedule. A fit of the
 * same networks, prompts and options is reused, not made again.
 */
import { setCurrentDetails } from '@temporalio/workflow';
import { QschedError } from '../contract/errors.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { PtqdInput, type FitPlan, type PtqdResult } from '../contract/study-payloads.js';
import { readSearchSpec } from '../contract/validate.js';
import type { FitPtqdRequest, FitPtqdResult } from '../contract/wire/fit.js';
import { WIRE_VERSION } from '../contract/wire/version.js';
import { pipelineChoice } from '../contract/pipeline-choice.js';
import { scoreActivities, store } from './activities.js';
import { asFailure } from './failure.js';
import { whileServed } from './patience.js';
import { fetchPrompts } from './prompts.js';
import { markRelease } from './release.js';
import { describeSettled } from './settled.js';
import { promptsOf } from './scoring/block-request.js';

/**
 * Fits PTQD for one model, precision and scheduler.
 *
 * @param input a PtqdInput as a user wrote it: only `search.model` is required
 */
export async function ptqd(input: unknown): Promise<PtqdResult> {
  markRelease();
  try {
    const { gamma, bias, search, read } = validate(input);
    setCurrentDetails(`Preparing **${read.model}** at ${read.precision} and at full precision.`);
    const { spec, quantised, reference } = await describeSettled(search, read, true);
    const { model, precision, scheduler } = spec;
    refuseFullPrecision(precision);
    const plan = await store.planFit({ spec, gamma, bias, quantised, reference: reference! });
    if (plan.found !== null) return { ...plan.found, seconds: 0 };
    const fit = await fitOf(plan, spec, { gamma, bias });
    const { pipeline, schedulerConfig, modelIndex, latentShape } = quantised;
    const kept = await store.keepFit({
      inputs: plan.inputs,
      description: { model, precision, pipeline, schedulerConfig, modelIndex, latentShape },
      pipeline: pipelineChoice(spec),
      scheduler,
      fits: fit.fits,
      trajectories: fit.trajectories,
      texts: plan.texts,
    });
    setCurrentDetails(`Stored as schedule ${kept.id}.`);
    return { ...kept, seconds: fit.seconds };
  } catch (error) {
    throw asFailure(error);
  }
}

async function fitOf(
  { quantised, reference, split }: FitPlan,
  { model, waitForWorker }: SearchSpec,
  { gamma, bias }: Pick<FitPtqdRequest, 'gamma' | 'bias'>,
): Promise<FitPtqdResult> {
  setCurrentDetails(`Fitting PTQD (gamma: ${gamma}; one bias per ${bias}) on ${split.count} prompts.`);
  const prompts = await fetchPrompts(split);
  const pairs = Array.from({ length: split.count * split.seeds.length }, (_, pair) => pair);
  const request: FitPtqdRequest = {
    version: WIRE_VERSION,
    quantised: quantised.wire,
    reference: reference.wire,
    schedule: quantised.schedule,
    ...promptsOf(pairs, { prompts, seeds: split.seeds }),
    gamma,
    bias,
  };
  const { fitPtqd } = scoreActivities(quantised.scoreQueue, waitForWorker);
  const summary = `PTQD, ${gamma}, ${bias}`;
  return whileServed(model, quantised.scoreQueue, () => fitPtqd.executeWithOptions({ summary }, [request]));
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
  const spec = readSearchSpec(search);
  refuseFullPrecision(spec.precision);
  return { gamma, bias, search, read: spec };
}

function refuseFullPrecision(precision: string): void {
  if (precision !== 'fp32') return;
  throw new QschedError(
    'usage',
    'PTQD corrects a quantised network, and search.precision is "fp32".',
    'Choose a quantised precision, such as w4a8.',
  );
}
