/**
 * Fields of a search whose defaults depend on other fields, and what older releases left out of the specs they stored.
 */
import { maximisesRepair } from './goal.js';
import type { SearchSpec } from './search-spec.js';

const { max, min } = Math;

/** How far a range that the user did not choose may grow. */
const GROW_TO: [number, number] = [0.5, 1.5];
/** Optimizers that model the surface: they take a prior and let the range grow. */
const MODELLING: readonly string[] = ['auto', 'gp'];
/** Level of a race with a model of the surface: it keeps what it has learnt from those who were dropped. */
const MODELLED_ALPHA = 0.5;
const ALPHA = 0.05;
/** Candidates by default with a model of the surface. */
const BUDGET_PER_DIMENSION = 8;
const LEAST_BUDGET = 16;
/** Without one. */
const BUDGET = 200;

/** Optimizers that adapt to a first candidate, and have no points of their own to lose. */
const STARTING: readonly string[] = [...MODELLING, 'cma-es'];

/** Whether an optimizer can start from a least-squares match. */
export const takesStart = (type: string): boolean => STARTING.includes(type);

/** Whether an optimizer models the surface. */
export const modelsSurface = (type: string): boolean => MODELLING.includes(type);

/**
 * Fills the budget, `racing` and `coefficients.growTo`, and takes back what has no effect with the optimizer.
 *
 * @param spec a spec with its other defaults filled; it is changed
 * @param written the same as it was written
 */
export function settleDefaults(spec: SearchSpec, written: unknown): void {
  const { type } = spec.optimizer;
  const { coefficients, optimizer } = written as { [group: string]: Readonly<Record<string, unknown>> | undefined };
  if (optimizer?.['budget'] === undefined) {
    spec.optimizer.budget = modelsSurface(type) ? modelledBudget(spec) : BUDGET;
  }
  const { racing = type === 'grid' || maximisesRepair(spec) ? 'off' : 'on' } = spec;
  const own = racing === 'on' ? {} : racing;
  spec.racing = own === 'off' ? own : { alpha: modelsSurface(type) ? MODELLED_ALPHA : ALPHA, ...own };
  const { growTo = coefficients?.['range'] === undefined ? GROW_TO : null } = spec.coefficients;
  spec.coefficients.growTo = growTo === null || !modelsSurface(type) ? null : [...growTo];
  if (!modelsSurface(type) && spec.prior === 'auto') spec.prior = 'none';
}

/** Candidates by default with a model of the surface. */
export const modelledBudget = (spec: SearchSpec): number => max(LEAST_BUDGET, BUDGET_PER_DIMENSION * dimensionOf(spec));

/** Whether a race has no test: its model tells who is good. */
export const comparesByModel = ({ optimizer: { type }, racing }: SearchSpec): boolean =>
  modelsSurface(type) && typeof racing === 'object' && racing.alpha === MODELLED_ALPHA;

/** How many numbers are searched. */
function dimensionOf({ coefficients: { shape, tune }, scheduler: { steps } }: SearchSpec): number {
  const each = { 'single-scale': 1, linear: min(2, steps), 'per-step': steps }[shape];
  return tune === 'both' ? 2 * each : each;
}

/** A spec as it was stored: what its release did not have yet is as that release did it. */
export function completeStored(stored: string): SearchSpec {
  const spec = JSON.parse(stored) as SearchSpec;
  const { coefficients, racing = 'off', prior = 'none', start = 'none' } = spec as Partial<SearchSpec>;
  return { ...spec, coefficients: { ...coefficients!, growTo: coefficients?.growTo ?? null }, racing, prior, start };
}
