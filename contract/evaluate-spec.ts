/**
 * EvaluateSpec: schedules x models x precisions on one prompt set, as a table.
 *
 * The same object is the YAML file of `qsched evaluate`, the input of the `evaluate` workflow, and
 * the source of schemas/evaluate.schema.json.
 */
import { z } from 'zod';
import { PairScoreChoice } from './pair-score.js';
import { pipelineFields } from './pipeline-choice.js';
import type { GainInterval } from './search-result.js';
import { name, ObjectiveChoice, preset, seeds, SchedulerChoice, texts, whole } from './search-spec.js';

const numbers = z
  .array(z.number('must be a finite number'), 'must be a list of numbers')
  .min(1, 'needs at least one number')
  .max(50, 'takes at most 50 numbers');

/** A schedule by its source. */
const ScheduleReference = z
  .string('must name a schedule')
  .regex(
    /^(identity|ptqd|match|q-sched|search:[A-Za-z0-9][A-Za-z0-9._-]*|schedule:[0-9a-f]{4,64})$/,
    'must be identity, ptqd or match (the latest fit), q-sched (the latest finished search), search:<id> or schedule:<id>',
  );

/** One schedule, by reference or by hand. */
export const ScheduleChoice = z.union(
  [ScheduleReference, z.strictObject({ name, coefficients: z.strictObject({ sample: numbers, noise: numbers }) })],
  'must be identity, ptqd, match, q-sched, search:<id>, schedule:<id>, or {name, coefficients: {sample, noise}}',
);

/** One row of the table: a network with a scheduler and a schedule. */
export const EvaluateRow = z.strictObject({
  model: name,
  precision: name.default('w4a8'),
  preset,
  ...pipelineFields,
  scheduler: SchedulerChoice.prefault({}),
  schedule: ScheduleChoice.default('identity'),
  /** Name of the schedule in the table; by default its source. */
  label: z.string().min(1).max(80).optional(),
});

/** Validates an evaluation and fills its defaults; only `rows` is required. */
export const EvaluateSpec = z.strictObject({
  rows: z
    .array(EvaluateRow, 'must be a list of rows')
    .min(1, 'needs at least one row')
    .max(200, 'takes at most 200 rows'),
  prompts: z
    .strictObject({
      set: name.default('shapes-eval'),
      texts: texts.optional(),
      count: whole(2, 100_000).default(1000),
      /** Prompts at the beginning of the set that are left out; none if it is absent. */
      skip: whole(1, 100_000).optional(),
      seeds: seeds.default([2000]),
    })
    .prefault({}),
  objective: ObjectiveChoice.prefault({}),
  /** Scorers in the table in addition to the objective's; the gain is shown for each. */
  scorers: z.array(name, 'must be a list of names').max(16, 'takes at most 16 scorers').default(['second']),
  /** Scorer whose features are used for the Frechet distance; null for no distances. */
  features: name.nullable().default('second'),
  /** Scores of each image beside that of the full-precision baseline with the same model, scheduler, prompt and seed. */
  pairwise: z.array(PairScoreChoice, 'must be a list of names').max(8, 'takes at most 8 scores').default([]),
  /** Retry images that are stored as failures; by default such failures are kept. */
  retryFailed: z.boolean('must be true or false').default(false),
  /** How long to wait for a worker on a queue, in seconds. */
  waitForWorker: whole(1, 7 * 24 * 3600).default(600),
});

export type EvaluateSpec = z.infer<typeof EvaluateSpec>;
export type EvaluateSpecInput = z.input<typeof EvaluateSpec>;
export type EvaluateRow = z.infer<typeof EvaluateRow>;
export type ScheduleChoice = z.infer<typeof ScheduleChoice>;

/** One finished row: means over images, 95 % intervals clustered by prompt. */
export interface EvaluatedRow {
  readonly model: string;
  readonly precision: string;
  readonly scheduler: string;
  readonly steps: number;
  readonly eta: number;
  /** The row's label; by default its schedule: identity, ptqd, match, q-sched, search:<id>, schedule:<id>, or a name by hand. */
  readonly schedule: string;
  readonly coefficients: { readonly sample: readonly number[]; readonly noise: readonly number[] };
  /** Images in the objective's mean, and images left out because they, or one of the objective's scorers, failed. */
  readonly images: number;
  readonly failed: number;
  /** Frechet distance to the reference features, its interval, and a name for the features; null without features. */
  readonly fid: number | null;
  readonly fidLow: number | null;
  readonly fidHigh: number | null;
  readonly fidFeatures: string | null;
  /** The distance to the full-precision images of the same prompts and seeds; null if the table has no such row. */
  readonly fidSd: number | null;
  readonly kid: number | null;
  readonly cmmd: number | null;
  /**
   * In torchmetrics' scale: 100 * mean cosine of the objective's CLIP (or of the first scorer that has one) over the
   * images with a score. The interval is null if fewer than two prompts have one.
   */
  readonly clipScore: number | null;
  readonly clipScoreLow: number | null;
  readonly clipScoreHigh: number | null;
  /**
   * The objective over `images` images, its interval and its terms; null if `images` is 0. The interval is null if fewer
   * than two prompts are left, and for an objective that is not a mean over images (`jaq-clip-log`).
   */
  readonly objective: number | null;
  readonly objectiveLow: number | null;
  readonly objectiveHigh: number | null;
  readonly tc: number | null;
  readonly iq: number | null;
  /** Mean of every score, `term@scorer`, over the images that have it, with its interval. */
  readonly scores: Readonly<Record<string, { readonly mean: number; readonly low: number; readonly high: number }>>;
  /**
   * Gains over the baseline of the same network and scheduler, one per scorer, over the prompts that are complete in both
   * rows; empty for a baseline row.
   */
  readonly gains: readonly GainInterval[];
  /** Frechet distance minus that of the baseline row, negative is better; null without distances. */
  readonly fidGain: { readonly difference: number; readonly low: number; readonly high: number } | null;
  /** What the gains recommend; null for a baseline row. */
  readonly recommend: 'calibrated' | 'identity' | 'none' | null;
  /**
   * Holm-adjusted p-value over all compared rows. A row's p-value is the largest of its scorers' one-sided p-values (an
   * intersection-union test of a gain in every scorer). Null for a baseline row, and on the prompts that the coefficients
   * were chosen on.
   */
  readonly pHolm: number | null;
  /**
   * Means of pairwise scores against the full-precision baseline, with their intervals: only in tables that asked for them,
   * and not in a row that has nothing to be compared with. `pairs` are artefacts with the records of the comparisons.
   */
  readonly pairwise?: Readonly<Record<string, { readonly mean: number; readonly low: number; readonly high: number }>>;
  readonly pairs?: readonly string[];
  /** Artefacts with the records of the row's images, in order; empty in tables made by 0.1.0. */
  readonly records: readonly string[];
}

/** What the `evaluate` workflow returns, and the body of `qsched evaluate --json`. */
export interface EvaluateResult {
  readonly evaluateId: string;
  readonly rows: readonly EvaluatedRow[];
  readonly prompts: {
    readonly set: string | null;
    readonly count: number;
    readonly seeds: readonly number[];
    readonly sha256: string;
  };
  readonly objective: EvaluateSpec['objective'];
  /**
   * Images generated, and images reused from the artefact folder. The counts cover the whole evaluation, before and after
   * an interruption. Images of a shard whose worker was killed are reused when the shard is repeated.
   */
  readonly generated: number;
  readonly reused: number;
  readonly warnings: readonly string[];
  readonly seconds: number;
}
