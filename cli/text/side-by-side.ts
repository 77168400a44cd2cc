/**
 * Schedules of one network side by side: paired gains over the first with intervals, as the verdict's.
 */
import { pairedBootstrap } from '../../metrics/statistics/bootstrap.js';
import { createObjective, type Row } from '../../metrics/objectives/jaq.js';
import { QschedError } from '../../spec/errors.js';
import { decodeFloats } from '../../spec/float-text.js';
import type { CompareResult } from '../../spec/study-payloads.js';

const RESAMPLES = 10_000;

/** One schedule in one scorer. */
export interface StudyRow { readonly scorer: string; readonly schedule: string; readonly score: number; readonly tc: number | null; readonly iq: number | null; readonly gain: number; readonly low: number; readonly high: number }

/**
 * Scores of every variant in every scorer, and gains over the first one, paired by prompt and seed.
 *
 * @throws QschedError (failure) where a picture failed
 */
export function besideIdentity({ prompts, seeds, objectives, variants }: CompareResult): StudyRow[] {
  const failed = variants.find(({ result }) => result.trials[0]!.failed.length > 0);
  if (failed !== undefined) throw new QschedError('failure', `${failed.result.trials[0]!.failed.length} pictures of "${failed.name}" failed: ${failed.result.trials[0]!.failed[0]!.reason}.`, 'Choose other coefficients or prompts.');
  const termsOf = variants.map(({ result }) => {
    const scorers = result.trials[0]!.scorers.map(({ scorer, names, values }) => ({ scorer, names, numbers: decodeFloats(values) }));
    return Array.from({ length: prompts * seeds }, (_, i): Row => Object.fromEntries(scorers.map(({ scorer, names, numbers }) => [scorer, Object.fromEntries(names.map((term, k) => [term, numbers[i * names.length + k]!]))])));
  });
  return objectives.flatMap(({ scorer, plan }) => {
    const objective = createObjective(plan);
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
