/**
 * Schedules of one network side by side: paired gains over the first with intervals, as the verdict's.
 */
import { pairedBootstrap } from '../metrics/bootstrap.js';
import { createObjective, type ObjectiveSpec } from '../metrics/jaq.js';
import { QschedError } from '../spec/errors.js';
import { decodeFloats } from '../spec/float-text.js';
import type { CompareResult } from '../spec/study-payloads.js';

const RESAMPLES = 10_000;

/** One schedule in one scorer. */
export interface StudyRow { readonly scorer: string; readonly schedule: string; readonly score: number; readonly tc: number; readonly iq: number; readonly gain: number; readonly low: number; readonly high: number }

/**
 * Scores of every variant in every scorer, and gains over the first one, paired by prompt and seed.
 *
 * @throws QschedError (failure) where a picture failed
 */
export function besideIdentity({ prompts, seeds, variants }: CompareResult, chosen: ObjectiveSpec): StudyRow[] {
  const objective = createObjective(chosen);
  const failed = variants.find(({ result }) => result.trials[0]!.failed.length > 0);
  if (failed !== undefined) throw new QschedError('failure', `${failed.result.trials[0]!.failed.length} pictures of "${failed.name}" failed: ${failed.result.trials[0]!.failed[0]!.reason}.`, 'Choose other coefficients or prompts.');
  const scorers = variants[0]!.result.trials[0]!.scorers.map(({ scorer }) => scorer);
  return scorers.flatMap((scorer) => {
    const termsOf = variants.map(({ result }) => {
      const { names, values } = result.trials[0]!.scorers.find((one) => one.scorer === scorer)!;
      const numbers = decodeFloats(values);
      return Array.from({ length: prompts * seeds }, (_, i) => Object.fromEntries(names.map((term, k) => [term, numbers[i * names.length + k]!])));
    });
    const perImage = termsOf.map((rows) => rows.map((row) => objective.perImage(row)));
    return variants.map(({ name }, v): StudyRow => {
      const gains = Array.from({ length: prompts }, (_, p) => Array.from({ length: seeds }, (__, s) => perImage[v]![p * seeds + s]! - perImage[0]![p * seeds + s]!));
      const { tc, iq } = objective.terms(termsOf[v]!);
      const about = { scorer, schedule: name, score: objective.score(termsOf[v]!), tc, iq };
      if (v === 0) return { ...about, gain: 0, low: 0, high: 0 };
      const { mean, percentile, studentised } = pairedBootstrap(gains, { resamples: RESAMPLES, seed: 0 });
      return { ...about, gain: mean, low: Math.min(percentile.low, studentised.low), high: Math.max(percentile.high, studentised.high) };
    });
  });
}
