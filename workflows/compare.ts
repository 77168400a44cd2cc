/**
 * The `compare` workflow: several schedules of one network on the same held-out prompts and noise.
 * Returns raw terms; who asked makes intervals of them.
 */
import { setCurrentDetails } from '@temporalio/workflow';
import { QschedError } from '../spec/errors.js';
import type { CompareInput, CompareResult } from '../spec/study-payloads.js';
import { parseSearchSpec } from '../spec/validate.js';
import { modelActivities, scoreActivities } from './activities.js';
import { asFailure, judgedObjectives } from './search.js';

/** @param input a SearchSpec (model, precision, scheduler, confirm), and the schedules to score */
export async function compare(input: CompareInput): Promise<CompareResult> {
  try {
    const spec = parseSearchSpec(input.search);
    const { variants } = input;
    if (!Array.isArray(variants) || variants.length === 0) throw new QschedError('usage', 'compare: variants is missing.', 'Give at least one: {"name": "identity", "coefficients": {"sample": [...], "noise": [...]}}');
    const prepared = await modelActivities(spec.model, spec.waitForWorker).prepare.executeWithOptions({ summary: `${spec.model} ${spec.precision}` }, [{ spec }]);
    const { quantised, splits: { confirm: split } } = prepared;
    setCurrentDetails(`Scoring ${variants.map(({ name }) => name).join(', ')} on ${split.count} held-out prompts.`);
    const { score } = scoreActivities(quantised.scoreQueue, spec.waitForWorker);
    const results = await Promise.all(variants.map(({ name, coefficients, ptqd }) => {
      const request = { model: spec.model, precision: spec.precision, nouns: quantised.nouns, scheduler: spec.scheduler, contexts: quantised.contexts, split, trials: [{ index: 0, coefficients, missing: null }], ...(ptqd === undefined ? {} : { ptqd }) };
      return score.executeWithOptions({ summary: name }, [request]);
    }));
    return { prompts: split.count, seeds: split.seeds.length, objectives: judgedObjectives(spec, prepared), variants: variants.map(({ name }, i) => ({ name, result: results[i]! })) };
  } catch (error) {
    throw asFailure(error);
  }
}
