/**
 * A study: one table or figure of the paper, as a plan of child searches, PTQD fits and one evaluation. Its options, and
 * what the `reproduce` workflow returns.
 */
import { z } from 'zod';
import { name, SchedulerChoice, whole } from './search-spec.js';
import type { EvaluatedRow, EvaluateResult } from './evaluate-spec.js';

const names = z.array(name, 'must be a list of names');

/** Validates the options of a study. Every field has a default; that of an optional field depends on the study. */
export const StudyOptions = z.strictObject({
  model: name.default('shapes'),
  /** The quantised network. */
  precision: name.default('w4a8'),
  /** Every precision of the model, full precision included. */
  precisions: names.min(1).default(['fp32', 'w8a8', 'w4a8', 'w4a6']),
  /** Samplers that the model allows; most studies use the first. */
  schedulers: z
    .array(SchedulerChoice.shape.type.unwrap(), 'must be a list of schedulers')
    .min(1)
    .default(['tcd', 'lcm']),
  /** Installed scorers other than the model's. */
  installed: names.default([]),
  /** Prompt sets of the splits. */
  sets: z
    .strictObject({
      calibration: name.default('shapes-calibration'),
      select: name.default('shapes-select'),
      heldout: name.default('shapes-heldout'),
      eval: name.default('shapes-eval'),
    })
    .prefault({}),
  /** Prompts, and images, per row. */
  count: whole(2, 100_000).optional(),
  /** Candidates per search. */
  budget: whole(1, 10_000).optional(),
});

/** A study's options, defaults filled. */
export type StudyOptions = z.infer<typeof StudyOptions>;
export type StudyOptionsInput = z.input<typeof StudyOptions>;

/** Input of the `reproduce` workflow. */
export interface StudyInput {
  readonly name: string;
  readonly options?: StudyOptionsInput;
}

/** A running child workflow. */
export interface StudyChild {
  readonly kind: 'ptqd' | 'search' | 'evaluate';
  readonly id: string;
  readonly label: string;
}

/** Answer to the workflow's `progress` query. */
export interface StudyProgress {
  readonly study: string;
  readonly stage: 'search' | 'evaluate' | 'finished';
  /** Finished fits and searches, and their total. */
  readonly done: number;
  readonly total: number;
  /** Number of rows of the table. */
  readonly rows: number;
  readonly running: readonly StudyChild[];
}

/** A row of the table. Intervals are 95 %. */
export interface StudyRow extends Omit<EvaluatedRow, 'schedule'> {
  /** Name in the table. */
  readonly label: string;
  /** identity, ptqd, q-sched or by-hand. */
  readonly schedule: string;
  /** Gain in the objective over the baseline of the same network, with its interval; null for a baseline. */
  readonly gain: number | null;
  readonly gainLow: number | null;
  readonly gainHigh: number | null;
  /** Origin of the coefficients: the id of a search or of a stored schedule. */
  readonly source: string | null;
  /** Columns of this study, such as k or tune. */
  readonly [column: string]: unknown;
}

/** What the `reproduce` workflow returns, and the output of `qsched reproduce NAME --json`. */
export interface StudyResult {
  readonly study: string;
  readonly title: string;
  readonly studyId: string;
  readonly evaluateId: string;
  /** Names of this study's columns, in order. */
  readonly columns: readonly string[];
  readonly rows: readonly StudyRow[];
  readonly objective: EvaluateResult['objective'];
  readonly prompts: EvaluateResult['prompts'];
  readonly notes: readonly string[];
  readonly seconds: number;
}
