/**
 * Optimizers by name: a new one, one from a stored state, and its next points alone. Every function takes another
 * registry as its last argument, for optimizers that are not in `OPTIMIZERS`.
 */
import { QschedError } from '../contract/errors.js';
import { suggestion } from '../contract/suggestion.js';
import { askTell, damaged } from './ask-tell.js';
import type { Optimizer, OptimizerOptions, OptimizerState, Point, ScoredPoint } from './optimizer.js';
import {
  checkSpace,
  checkWhole,
  DEFAULT_GRID_POINTS,
  fillOptions,
  fingerprint,
  type FilledOptions,
} from './options.js';
import { OPTIMIZERS, type OptimizerEntry, type OptimizerRegistry } from './registry.js';

/**
 * A new optimizer.
 *
 * @throws QschedError (usage) for an unknown name or an option out of range
 */
export function createOptimizer(
  name: string,
  options: OptimizerOptions,
  registry: OptimizerRegistry = OPTIMIZERS,
): Optimizer {
  return askTell(name, fill(name, options, registry), entry(name, registry).make);
}

/**
 * The optimizer that `state` was saved from: it asks the same points as if it had never stopped. Budget and tolerance
 * may differ from before, and so may the batch, except for `cma-es`.
 *
 * @throws QschedError (usage) if options and state belong to different searches, (failure) if the state is damaged or
 * of a newer version
 */
export function restoreOptimizer(
  state: OptimizerState,
  options: OptimizerOptions,
  registry: OptimizerRegistry = OPTIMIZERS,
): Optimizer {
  const { name, version, asked, own } = state;
  const filled = fill(name, options, registry);
  if (version !== 1) {
    throw new QschedError(
      'failure',
      `The stored state of ${name} has version ${String(version)}, but this release reads version 1.`,
      'Update qsched.',
    );
  }
  if (!Number.isSafeInteger(asked) || asked < 0) throw damaged(name, 'asked is not a whole number');
  if (typeof own !== 'object' || own === null) throw damaged(name, 'it has no content');
  if (!isBest(state.best, filled.space.lower.length)) throw damaged(name, 'best is not a point with a score');
  if (state.fingerprint !== fingerprint(name, filled)) {
    throw new QschedError(
      'usage',
      `The stored state of ${name} belongs to another search: its space, seed or options differ.`,
      'Resume with the options of the original search; only the budget may change.',
    );
  }
  return askTell(name, filled, entry(name, registry).make, state);
}

/**
 * The next points of a stored optimizer: a pure function of its arguments, so that it can be computed on any machine.
 *
 * @param state null for an optimizer that was told nothing yet
 * @throws QschedError as `restoreOptimizer` does, or if the state is one of another optimizer
 */
export function proposeBatch(
  name: string,
  options: OptimizerOptions,
  state: OptimizerState | null,
  registry: OptimizerRegistry = OPTIMIZERS,
): Point[] {
  if (state === null) return createOptimizer(name, options, registry).ask();
  if (state.name !== name) {
    throw new QschedError('usage', `The stored state is one of ${state.name}, not of ${name}.`, `Ask ${state.name}.`);
  }
  return restoreOptimizer(state, options, registry).ask();
}

/**
 * Whether an optimizer is asked on the compute queue (`proposeBatch`) instead of within the workflow.
 *
 * @throws QschedError (usage) for an unknown name
 */
export const thinks = (name: string, registry: OptimizerRegistry = OPTIMIZERS): boolean =>
  entry(name, registry).thinks ?? false;

/**
 * Points per ask by default: `one-plus-one` 1, `cma-es` its population 4 + floor(3 ln d), the others the whole budget
 * (`grid`: at most all of its points).
 *
 * @throws QschedError (usage) for an unknown name, or a dimension or budget below 1
 */
export function defaultBatch(
  name: string,
  dimension: number,
  budget: number,
  options: Pick<OptimizerOptions, 'gridPoints'> = {},
  registry: OptimizerRegistry = OPTIMIZERS,
): number {
  checkWhole('dimension', dimension, 1, Number.MAX_SAFE_INTEGER);
  checkWhole('budget', budget, 1, Number.MAX_SAFE_INTEGER);
  return entry(name, registry).batch(dimension, budget, options.gridPoints ?? DEFAULT_GRID_POINTS);
}

const isBest = (best: unknown, dimension: number): boolean => {
  if (best === undefined || best === null) return true;
  const { point, score } = best as Partial<ScoredPoint>;
  return Array.isArray(point) && point.length === dimension && [...point, score].every(Number.isFinite);
};

function fill(name: string, options: OptimizerOptions, registry: OptimizerRegistry): FilledOptions {
  entry(name, registry); // an unknown name first
  checkSpace(options.space);
  return fillOptions(options, defaultBatch(name, options.space.lower.length, options.budget, options, registry));
}

function entry(name: string, registry: OptimizerRegistry): OptimizerEntry {
  const found = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (found !== undefined) return found;
  throw new QschedError('usage', `There is no optimizer "${name}".`, suggestion(name, Object.keys(registry)));
}
