/**
 * EvaluateSpec: schedules x models x precisions on one prompt set, as a table.
 *
 * The same object is the YAML file of `qsched evaluate`, the input of the `evaluate` workflow, and
 * the source of schemas/evaluate.schema.json.
 */
import { z } from 'zod';
import type { GainInterval } from './search-result.js';
import { name, ObjectiveChoice, seeds, SchedulerChoice, texts, whole } from './search-spec.js';

const numbers = z
  .array(z.number('must be a finite number'), 'must be a list of numbers')
  .min(1, 'needs at least one number')
  .max(50, 'takes at most 50 numbers');

/** A schedule by its source. */
const ScheduleReference = z
  .string('must name a schedule')
  .regex(
    /^(identity|ptqd|q-sched|search:[A-Za-z0-9][A-Za-z0-9._-]*|schedule:[0-9a-f]{4,64})$/,
    'must be identity, ptqd (the latest fit), q-sched (the latest finished search), search:<id> or schedule:<id>',
  );

/** One schedule, by reference or by hand. */
export const ScheduleChoice = z.union(
  [ScheduleReference, z.strictObject({ name, coefficients: z.strictObject({ sample: numbers, noise: numbers }) })],
  'must be identity, ptqd, q-sched, search:<id>, schedule:<id>, or {name, coefficients: {sample, noise}}',
);

/** One row of the table: a network with a scheduler and a schedule. */
export const EvaluateRow = z.strictObject({
  model: name,
  precision: name.default('w4a8'),
  scheduler: SchedulerChoice.prefault({}),
  schedule: ScheduleChoice.default('identity'),
  /** What the table calls the schedule; its source where absent. */
  label: z.string().min(1).max(80).optional(),
});

/** Validates an evaluation and fills its defaults; `rows` alone is required. */
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
      seeds: seeds.default([2000]),
    })
    .prefault({}),
  objective: ObjectiveChoice.prefault({}),
  /** Scorers of the table beside the objective's own: a gain is shown in each. */
  scorers: z.array(name, 'must be a list of names').max(16, 'takes at most 16 scorers').default(['second']),
  /** The scorer whose features carry the Frechet distance; null leaves distances out. */
  features: name.nullable().default('second'),
  /** Draw and score again what is kept as a failure; a spec without it takes such a failure as it is. */
  retryFailed: z.boolean('must be true or false').default(false),
  /** How long to wait for a worker that serves a queue, in seconds. */
  waitForWorker: whole(1, 7 * 24 * 3600).default(600),
});

export type EvaluateSpec = z.infer<typeof EvaluateSpec>;
export type EvaluateSpecInput = z.input<typeof EvaluateSpec>;
export type EvaluateRow = z.infer<typeof EvaluateRow>;
export type ScheduleChoice = z.infer<typeof ScheduleChoice>;

/** One finished row. Means over images, intervals of 95 % clustered by prompt. */
export interface EvaluatedRow {
  readonly model: string;
  readonly precision: string;
  readonly scheduler: string;
  readonly steps: number;
  readonly eta: number;
  /** The row's label, else its schedule: identity, ptqd, q-sched, search:<id>, schedule:<id>, or the name of one by hand. */
  readonly schedule: string;
  readonly coefficients: { readonly sample: readonly number[]; readonly noise: readonly number[] };
  /** Images that the objective's mean is over, and the rest: those failed, or one of the objective's scorers on them. */
  readonly images: number;
  readonly failed: number;
  /** Frechet distance to the reference features, its interval, and what the features are; null without them. */
  readonly fid: number | null;
  readonly fidLow: number | null;
  readonly fidHigh: number | null;
  readonly fidFeatures: string | null;
  /** The same to the full-precision network's images of the same prompts and seeds; null where the table has no such row. */
  readonly fidSd: number | null;
  readonly kid: number | null;
  readonly cmmd: number | null;
  /**
   * torchmetrics' scale, 100 * mean cosine of the objective's CLIP (else of the first scorer that has one) over the
   * images that it has a number for. The interval is null where fewer than two prompts have one.
   */
  readonly clipScore: number | null;
  readonly clipScoreLow: number | null;
  readonly clipScoreHigh: number | null;
  /**
   * The objective over `images` images, its interval and its terms; null where `images` is 0. The interval is null
   * where fewer than two prompts are left, and for an objective that is not a mean over images (`jaq-clip-log`).
   */
  readonly objective: number | null;
  readonly objectiveLow: number | null;
  readonly objectiveHigh: number | null;
  readonly tc: number | null;
  readonly iq: number | null;
  /** Mean of every score, `term@scorer`, over the images that its scorer has a number for, with its interval. */
  readonly scores: Readonly<Record<string, { readonly mean: number; readonly low: number; readonly high: number }>>;
  /**
   * Against the identity of the same network and scheduler, one per scorer, over the prompts that lack no image and no
   * score in either row; empty for that row itself.
   */
  readonly gains: readonly GainInterval[];
  /** The difference in Frechet distance to that identity, negative is better; null where there is none. */
  readonly fidGain: { readonly difference: number; readonly low: number; readonly high: number } | null;
  /** What the gains recommend; null for an identity row. */
  readonly recommend: 'calibrated' | 'identity' | 'none' | null;
  /**
   * Holm-adjusted p-value over all rows that are compared. A row's own is the largest of its scorers' one-sided ones (an
   * intersection-union test of a gain in every scorer); null for an identity, and on prompts that chose the coefficients.
   */
  readonly pHolm: number | null;
  /** Artefacts with the records of the row's images, in order; empty in tables of 0.1.0. */
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
   * Images drawn, and found in the artefact folder: of the whole evaluation, before and after an interruption, not of
   * the last command alone. What a worker that was killed had drawn of its shard is found when the shard is done again.
   */
  readonly generated: number;
  readonly reused: number;
  readonly warnings: readonly string[];
  readonly seconds: number;
}
