/**
 * What the fits `ptqd` and `match` share, and what a search that starts from a fit does: plan, fit on calibration prompts,
 * store the schedule. A fit of the same networks, prompts and options is reused, not made again.
 */
import { setCurrentDetails } from '@temporalio/workflow';
import { QschedError } from '../contract/errors.js';
import { FIT_METHODS } from '../contract/fit-methods.js';
import type { FitChoice, FitPlan, FitResult, Fitted } from '../contract/fit-payloads.js';
import { pipelineChoice } from '../contract/pipeline-choice.js';
import type { SearchSpec } from '../contract/search-spec.js';
import type { NetworkDescription } from '../contract/wire/describe.js';
import type { FitMatchRequest } from '../contract/wire/fit.js';
import { WIRE_VERSION } from '../contract/wire/version.js';
import { scoreActivities, store } from './activities.js';
import { whileServed } from './patience.js';
import { fetchPrompts } from './prompts.js';
import { promptsOf } from './scoring/block-request.js';
import { describeSettled } from './settled.js';

/** A complete spec with its networks. */
export interface FitSource {
  readonly spec: SearchSpec;
  readonly quantised: NetworkDescription;
  readonly reference: NetworkDescription;
}

/**
 * Describes the networks of a spec and fits.
 *
 * @param search a SearchSpec as a user wrote it. @param read the same, with what fits the bundled model in place of the rest
 */
export async function describeAndFit(choice: FitChoice, search: unknown, read: SearchSpec): Promise<FitResult> {
  refuseFullPrecision(choice, read);
  setCurrentDetails(`Preparing **${read.model}** at ${read.precision} and at full precision.`);
  const { spec, quantised, reference } = await describeSettled(search, read, true);
  refuseFullPrecision(choice, spec);
  const result = await fit(choice, { spec, quantised, reference: reference! });
  setCurrentDetails(`Stored as schedule ${result.id}.`);
  return result;
}

/** @returns the fit with its schedule, both stored */
export async function fit(choice: FitChoice, { spec, quantised, reference }: FitSource): Promise<FitResult> {
  const plan = await store.planFit({ spec, choice, quantised, reference });
  if (plan.found !== null) return { ...plan.found, seconds: 0 };
  const { fitted, trajectories, seconds } = await fitOf(choice, plan, spec);
  const { model, precision, scheduler } = spec;
  const { pipeline, schedulerConfig, modelIndex, latentShape } = quantised;
  const kept = await store.keepFit({
    inputs: plan.inputs,
    description: { model, precision, pipeline, schedulerConfig, modelIndex, latentShape },
    pipeline: pipelineChoice(spec),
    scheduler,
    fitted,
    trajectories,
    texts: plan.texts,
  });
  return { ...kept, seconds };
}

async function fitOf(
  choice: FitChoice,
  { quantised, reference, split }: FitPlan,
  { model, waitForWorker }: SearchSpec,
): Promise<{ readonly fitted: Fitted; readonly trajectories: number; readonly seconds: number }> {
  const { scoreQueue } = quantised;
  const prompts = await fetchPrompts(split);
  const pairs = Array.from({ length: split.count * split.seeds.length }, (_, pair) => pair);
  const request: FitMatchRequest = {
    version: WIRE_VERSION,
    quantised: quantised.wire,
    reference: reference.wire,
    schedule: quantised.schedule,
    ...promptsOf(pairs, { prompts, seeds: split.seeds }),
  };
  const { fitPtqd, fitMatch } = scoreActivities(scoreQueue, waitForWorker);
  if (choice.method === 'match') {
    setCurrentDetails(
      `Matching ${quantised.precision} with full precision by least squares on ${split.count} prompts.`,
    );
    const run = () => fitMatch.executeWithOptions({ summary: FIT_METHODS.match.title }, [request]);
    const { fits: steps, ...made } = await whileServed(model, scoreQueue, run);
    return { ...made, fitted: { method: 'match', steps } };
  }
  const { method, gamma, bias } = choice;
  setCurrentDetails(`Fitting PTQD (gamma: ${gamma}; one bias per ${bias}) on ${split.count} prompts.`);
  const run = () => fitPtqd.executeWithOptions({ summary: `PTQD, ${gamma}, ${bias}` }, [{ ...request, gamma, bias }]);
  const { fits: steps, ...made } = await whileServed(model, scoreQueue, run);
  return { ...made, fitted: { method, steps } };
}

function refuseFullPrecision({ method }: FitChoice, { precision }: SearchSpec): void {
  if (precision !== 'fp32') return;
  throw new QschedError(
    'usage',
    `search.precision is "fp32", but ${FIT_METHODS[method].subject} corrects a quantised network.`,
    'Choose a quantised precision, such as w4a8.',
  );
}
