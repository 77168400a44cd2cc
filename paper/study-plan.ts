/**
 * What a study is made of: searches and PTQD fits by key, the rows of its table, one evaluation.
 */
import type { Coefficients } from '../contract/coefficients.js';
import type { EvaluateSpecInput } from '../contract/evaluate-spec.js';
import type { SearchSpec, SearchSpecInput } from '../contract/search-spec.js';
import type { StudyOptions } from '../contract/study-spec.js';

/** A sampler with its number of steps. */
export interface Sampler {
  readonly type: SearchSpec['scheduler']['type'];
  readonly steps: number;
  readonly eta?: number;
}

/** A search, run as a child workflow. */
export interface PlannedSearch {
  readonly key: string;
  readonly label: string;
  readonly spec: SearchSpecInput;
}

/** A PTQD fit, run as a child workflow. */
export interface PlannedFit {
  readonly key: string;
  readonly label: string;
  readonly input: {
    readonly search: SearchSpecInput;
    readonly gamma: 'std' | 'regression';
    readonly bias: 'step' | 'channel';
  };
}

/** A row of the table before it is evaluated. */
export interface PlannedRow {
  readonly label: string;
  readonly precision: string;
  readonly scheduler: Sampler;
  /** The schedule: the baseline, that of a fit or a search by its key, or coefficients by hand. */
  readonly schedule:
    | { readonly kind: 'identity' }
    | { readonly kind: 'ptqd' | 'q-sched'; readonly from: string }
    | { readonly kind: 'by-hand'; readonly coefficients: Coefficients };
  /** Values of the study's own columns. */
  readonly columns: Readonly<Record<string, string | number>>;
}

/** A study with all its choices made. */
export interface StudyPlan {
  readonly name: string;
  /** The table or figure, and its paper. */
  readonly title: string;
  readonly fits: readonly PlannedFit[];
  readonly searches: readonly PlannedSearch[];
  readonly rows: readonly PlannedRow[];
  /** Names of the study's own columns, in order. */
  readonly columns: readonly string[];
  readonly evaluate: Omit<EvaluateSpecInput, 'rows'>;
  /** Children that run at the same time; 1 if a later search reuses what an earlier one scored. */
  readonly together: number;
  /** What is left out, and why; what differs from the paper. */
  readonly notes: readonly string[];
}

/** One study. */
export type Study = (options: StudyOptions) => StudyPlan;

/**
 * The evaluation of a plan whose children have ended.
 *
 * @param references the evaluation's name of every fit and search by key: `schedule:<id>` or `search:<id>`
 */
export function evaluationOf(
  { rows, evaluate }: StudyPlan,
  model: string,
  references: Readonly<Record<string, string>>,
): EvaluateSpecInput {
  return {
    ...evaluate,
    rows: rows.map(({ label, precision, scheduler, schedule }) => ({
      model,
      precision,
      scheduler,
      label,
      schedule:
        schedule.kind === 'identity'
          ? 'identity'
          : schedule.kind === 'by-hand'
            ? {
                name: label,
                coefficients: { sample: [...schedule.coefficients.sample], noise: [...schedule.coefficients.noise] },
              }
            : references[schedule.from]!,
    })),
  };
}
