/**
 * What studies share: the same calibration, select and held-out prompts for every search, and the same objective and
 * evaluation unless a study chooses others.
 */
import type { EvaluateSpecInput } from '../contract/evaluate-spec.js';
import { QschedError } from '../contract/errors.js';
import type { SearchSpecInput } from '../contract/search-spec.js';
import type { StudyOptions } from '../contract/study-spec.js';
import type { PlannedFit, PlannedRow, PlannedSearch, Sampler, StudyPlan } from './study-plan.js';

/** The network that is not quantised. */
export const FULL = 'fp32';

/** Number of candidates of a CMA-ES search by default. */
const BUDGET = 100;
/** Images per row: with fewer, a Frechet distance comes with a warning. */
const COUNT = 2000;
/** Searches that run at the same time: one scores while another ranks. */
const TOGETHER = 2;

/** JAQ with CLIP at the paper's k. */
export const OBJECTIVE = { type: 'jaq-clip', k: 2 } as const;

/** What a search of a study chooses beside the options. */
export interface SearchChoice {
  readonly key: string;
  readonly label: string;
  readonly scheduler: Sampler;
  readonly precision?: string;
  readonly coefficients?: NonNullable<SearchSpecInput['coefficients']>;
  readonly objective?: NonNullable<SearchSpecInput['objective']>;
  readonly optimizer?: NonNullable<SearchSpecInput['optimizer']>;
}

/** A search on the study's prompts; CMA-ES by default. */
export function search(
  options: StudyOptions,
  {
    key,
    label,
    scheduler,
    precision = options.precision,
    coefficients = {},
    objective = OBJECTIVE,
    optimizer,
  }: SearchChoice,
): PlannedSearch {
  const { model, sets } = options;
  return {
    key,
    label,
    spec: {
      model,
      precision,
      scheduler,
      coefficients,
      objective,
      prompts: { set: sets.calibration },
      select: { set: sets.select },
      confirm: { set: sets.heldout },
      optimizer: optimizer ?? { type: 'cma-es', budget: options.budget ?? BUDGET },
      // As in the paper: every candidate on every prompt, and no search knows of another.
      racing: 'off',
      prior: 'none',
    },
  };
}

/** A fit of PTQD on the prompts of the searches. */
export function fit(options: StudyOptions, key: string, label: string, scheduler: Sampler): PlannedFit {
  const { model, precision, sets } = options;
  return {
    key,
    label,
    input: {
      search: {
        model,
        precision,
        scheduler,
        prompts: { set: sets.calibration },
        select: { set: sets.select },
        confirm: { set: sets.heldout },
      },
      gamma: 'std',
      bias: 'channel',
    },
  };
}

type Columns = PlannedRow['columns'];

/** The baseline: the network with its scheduler unchanged. */
export const identityRow = (
  label: string,
  precision: string,
  scheduler: Sampler,
  columns: Columns = {},
): PlannedRow => ({ label, precision, scheduler, schedule: { kind: 'identity' }, columns });

/** A row with the coefficients that a search found. */
export const tunedRow = (
  label: string,
  precision: string,
  scheduler: Sampler,
  from: string,
  columns: Columns = {},
): PlannedRow => ({ label, precision, scheduler, schedule: { kind: 'q-sched', from }, columns });

/** A row with a PTQD fit. */
export const ptqdRow = (
  label: string,
  precision: string,
  scheduler: Sampler,
  from: string,
  columns: Columns = {},
): PlannedRow => ({ label, precision, scheduler, schedule: { kind: 'ptqd', from }, columns });

/** The evaluation of every study: its prompts, JAQ with CLIP, a second scorer, and the Frechet distance on that scorer's features. */
export function evaluation({ sets, count }: StudyOptions, own = COUNT): Omit<EvaluateSpecInput, 'rows'> {
  return {
    prompts: { set: sets.eval, count: count ?? own },
    objective: OBJECTIVE,
    scorers: ['second'],
    features: 'second',
  };
}

/** The defaults of a plan. */
export const PLAN = {
  fits: [],
  searches: [],
  columns: [],
  together: TOGETHER,
  notes: [],
} as const satisfies Partial<StudyPlan>;

/** The sampler that a study of one sampler uses. */
export const mainSampler = ({ schedulers }: StudyOptions): Sampler['type'] => schedulers[0]!;

/** @throws QschedError (usage) if the network to be corrected is the full-precision one */
export function refuseFullPrecision({ precision }: StudyOptions): void {
  if (precision === FULL) {
    throw new QschedError(
      'usage',
      `A study compares a quantised network with the full-precision one, but the precision is "${FULL}".`,
      'Choose a quantised precision, such as w4a8.',
    );
  }
}

/** Points per dimension of a grid with at most `budget` candidates; `own` by default. */
export function gridPoints(budget: number | undefined, dimension: number, own: number): number {
  if (budget === undefined) return own;
  let points = 2;
  while ((points + 1) ** dimension <= budget) points += 1;
  return points;
}

/** A number in a key or a label: 0.5 is `0.5`. */
export const text = (value: number): string => String(value);
