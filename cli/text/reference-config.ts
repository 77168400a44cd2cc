/**
 * An export with the fields of the reference implementation's `best_rank_config_*.json`
 * (github.com/enyac-group/q-sched, src/qsched_optimize.py).
 *
 * Its search describes a schedule by two numbers, model_coeff (c^eps) and sample_coeff (c^x) of the first step, and
 * spreads each as linspace(coefficient, 1). Its evaluation takes both ends, start_*_coeff and max_*_coeff. They are written
 * too, and describe a `linear` schedule completely.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import { linspace } from '../../diffusion/coefficients.js';
import { QschedError } from '../../contract/errors.js';

/** The fields of the reference's file. */
export interface ReferenceConfig {
  /** c^eps of the first step. */
  readonly model_coeff: number;
  /** c^x of the first step. */
  readonly sample_coeff: number;
  /** 100 x mean cosine over the calibration images; null unless all of them are stored. */
  readonly clip_score: number | null;
  /** `new` is ln(clip_score) + k x mean CLIP-IQA, `kclip2` is AQ-MAP + k x HPSv2; other objectives keep our name. */
  readonly ranking_criteria: string;
  readonly k_value: number;
  /** One per calibration image. */
  readonly clipiqa_scores: readonly number[];
  readonly checkpoint: string;
  readonly quant_type: string;
  readonly eta: number;
  readonly start_model_coeff: number;
  readonly max_model_coeff: number;
  readonly start_sample_coeff: number;
  readonly max_sample_coeff: number;
}

/** What the file contains besides coefficients. */
export interface ReferenceAbout {
  readonly model: string;
  readonly precision: string;
  readonly eta: number;
  readonly objective: { readonly type: string; readonly k: number };
  /** Raw terms of the calibration images. */
  readonly rows: readonly Readonly<Record<string, number>>[];
}

/** The reference's names of objectives. */
const RANKING: Readonly<Record<string, string>> = { 'jaq-clip-log': 'new', 'jaq-preference': 'kclip2' };

const MAX_DIFFERENCE = 1e-9;

/** @throws QschedError (usage) if the coefficients are not evenly spaced */
export function referenceConfig(
  { sample, noise }: Coefficients,
  { model, precision, eta, objective, rows }: ReferenceAbout,
): ReferenceConfig {
  for (const [name, values] of [
    ['c^x', sample],
    ['c^eps', noise],
  ] as const) {
    const line = linspace(values[0]!, values.at(-1)!, values.length);
    if (values.some((value, i) => Math.abs(value - line[i]!) > MAX_DIFFERENCE)) {
      throw new QschedError(
        'usage',
        `${name} is [${values.join(', ')}], which is not evenly spaced: the reference's format has room for two ends only.`,
        'Export with --format qsched, or search with --shape linear or single-scale.',
      );
    }
  }
  const mean = rows.reduce((sum, row) => sum + row['cosine']!, 0) / rows.length;
  return {
    model_coeff: noise[0]!,
    sample_coeff: sample[0]!,
    clip_score: rows.length === 0 ? null : 100 * mean,
    ranking_criteria: RANKING[objective.type] ?? objective.type,
    k_value: objective.k,
    clipiqa_scores: rows.map((row) => row['clip-iqa.quality']!),
    checkpoint: model,
    quant_type: precision,
    eta,
    start_model_coeff: noise[0]!,
    max_model_coeff: noise.at(-1)!,
    start_sample_coeff: sample[0]!,
    max_sample_coeff: sample.at(-1)!,
  };
}
