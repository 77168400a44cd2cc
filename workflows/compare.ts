/**
 * The `compare` workflow: several schedules of one network on the same held-out prompts and noise.
 * Returns raw terms; who asked makes intervals of them.
 */
import { setCurrentDetails } from '@temporalio/workflow';
import { QschedError } from '../contract/errors.js';
import type { PrepareResult } from '../contract/payloads.js';
import type { SearchSpec } from '../contract/search-spec.js';
import type { CompareInput, CompareResult } from '../contract/study-payloads.js';
import { parseSearchSpec } from '../contract/validate.js';
import { modelActivities, scoreActivities } from './activities.js';
import { asFailure } from './failure.js';
import { judgedObjectives } from './judged-objectives.js';
import { whileServed } from './patience.js';

/** Images of all variants: their terms are one result, which may hold 2 MB. */
const MAX_IMAGES = 4000;

/** @param input a SearchSpec (model, precision, scheduler, confirm), and the schedules to score */
export async function compare(input: CompareInput): Promise<CompareResult> {
  try {
    const spec = parseSearchSpec(input.search);
    const { variants } = input;
    refuse(spec, variants);
    const { prepare } = modelActivities(spec.model, spec.waitForWorker);
    const prepared = await prepare.executeWithOptions({ summary: `${spec.model} ${spec.precision}` }, [{ spec }]);
    const split = prepared.splits.confirm;
    setCurrentDetails(`Scoring ${variants.map(({ name }) => name).join(', ')} on ${split.count} held-out prompts.`);
    const scored = await Promise.all(variants.map((variant) => scoreVariant(spec, prepared, variant)));
    return {
      prompts: split.count,
      seeds: split.seeds.length,
      objectives: judgedObjectives(spec, prepared),
      variants: scored,
    };
  } catch (error) {
    throw asFailure(error);
  }
}

async function scoreVariant(
  { model, precision, scheduler, waitForWorker }: SearchSpec,
  { quantised: { scoreQueue, contexts }, splits: { confirm: split } }: PrepareResult,
  { name, coefficients, ptqd }: CompareInput['variants'][number],
): Promise<CompareResult['variants'][number]> {
  const trials = [{ index: 0, coefficients, missing: null }];
  const request = { model, precision, scheduler, contexts, split, trials, ...(ptqd === undefined ? {} : { ptqd }) };
  const { score } = scoreActivities(scoreQueue, waitForWorker);
  const result = await whileServed(model, scoreQueue, () => score.executeWithOptions({ summary: name }, [request]));
  return { name, result };
}

function refuse({ confirm: { count, seeds, texts } }: SearchSpec, variants: unknown): void {
  if (!Array.isArray(variants) || variants.length === 0) {
    throw new QschedError(
      'usage',
      'compare: variants is missing.',
      'Give at least one: {"name": "identity", "coefficients": {"sample": [...], "noise": [...]}}',
    );
  }
  const images = variants.length * (texts?.length ?? count) * seeds.length;
  if (images <= MAX_IMAGES) return;
  throw new QschedError(
    'usage',
    `compare: ${images} images are more than it returns at once, ${MAX_IMAGES}.`,
    'Give fewer prompts or seeds (--confirm-count), or use npx qsched evaluate.',
  );
}
