/**
 * A study: one table or figure of the paper, as a plan of child searches, PTQD fits and one evaluation.
 * What a user chooses of it, and what the `study` workflow returns.
 */
import { z } from 'zod';
import { name, SchedulerChoice, whole } from './search-spec.js';
import type { EvaluatedRow, EvaluateResult } from './evaluate-spec.js';

const names = z.array(name, 'must be a list of names');

/** Validates what may be chosen of a study; every field has a default, the study's own where it is optional here. */
export const StudyOptions = z.strictObject({
  model: name.default('shapes'),
  /** The quantised network. */
  precision: name.default('w4a8'),
  /** Every precision of the model, full precision included. */
  precisions: names.min(1).default(['fp32', 'w8a8', 'w4a8', 'w4a6']),
  /** Samplers that the model allows, the one of most studies first. */
  schedulers: z
    .array(SchedulerChoice.shape.type.unwrap(), 'must be a list of schedulers')
    .min(1)
    .default(['tcd', 'lcm']),
  /** Scorers beside the model's own that are there. */
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
  /** Prompts, and images, a row. */
  count: whole(2, 100_000).optional(),
  /** Candidates a search. */
  budget: whole(1, 10_000).optional(),
});

/** A study's options, defaults filled. */
export type StudyOptions = z.infer<typeof StudyOptions>;
export type StudyOptionsInput = z.input<typeof StudyOptions>;

/** What the `study` workflow is started with. */
export interface StudyInput {
  readonly name: string;
  readonly options?: StudyOptionsInput;
}

/** A child that runs now. */
export interface StudyChild {
  readonly kind: 'ptqd' | 'search' | 'evaluate';
  readonly id: string;
  readonly label: string;
}

/** The workflow's `progress` query. */
export interface StudyProgress {
  readonly study: string;
  readonly stage: 'search' | 'evaluate' | 'finished';
  /** Fits and searches that have ended, of so many. */
  readonly done: number;
  readonly total: number;
  /** Rows of the table. */
  readonly rows: number;
  readonly running: readonly StudyChild[];
}

/** What of an evaluated row is said plainly: intervals of 95 %. */
export interface StudyRow extends Omit<EvaluatedRow, 'schedule'> {
  /** What it is called in the table. */
  readonly label: string;
  /** identity, ptqd, q-sched or by-hand. */
  readonly schedule: string;
  /** Gain over the identity of the same network in the objective, and the wider of its two intervals; null for an identity. */
  readonly gain: number | null;
  readonly gainLow: number | null;
  readonly gainHigh: number | null;
  /** Where the coefficients came from: a search's id, or a stored schedule's. */
  readonly source: string | null;
  /** The study's own columns, such as k or tune. */
  readonly [column: string]: unknown;
}

/** What the `study` workflow returns, and the body of `qsched study NAME --json`. */
export interface StudyResult {
  readonly study: string;
  readonly title: string;
  readonly studyId: string;
  readonly evaluateId: string;
  /** Names of the study's own columns, in order. */
  readonly columns: readonly string[];
  readonly rows: readonly StudyRow[];
  readonly objective: EvaluateResult['objective'];
  readonly prompts: EvaluateResult['prompts'];
  readonly notes: readonly string[];
  readonly seconds: number;
}
