/** Optimizers by name: a new one, one from a stored state, and how much each asks together. */
import { QschedError } from '../contract/errors.js';
import { OPTIMIZER_NAMES, type OptimizerName } from '../contract/names.js';
import { suggestion } from '../contract/suggestion.js';
import { askTell, damaged, type MakeAlgorithm } from './ask-tell.js';
import { defaultPopulation } from './cma-constants.js';
import { cmaEs } from './cma-es.js';
import { grid, gridSize } from './grid.js';
import { onePlusOne } from './one-plus-one.js';
import type { Optimizer, OptimizerOptions, OptimizerState } from './optimizer.js';
import { checkSpace, checkWhole, fillOptions, fingerprint } from './options.js';
import { random } from './random.js';
import { sobol } from './sobol.js';

const { min } = Math;

interface Entry {
  readonly make: MakeAlgorithm;
  /** Points asked together unless told otherwise. */
  readonly batch: (dimension: number, budget: number, gridPoints: number) => number;
  /** Whether asking takes longer than 50 ms: it is then asked on the compute queue, not within the workflow. */
  readonly thinks?: boolean;
}

const all: Entry['batch'] = (_dimension, budget) => budget;
const ENTRIES: Readonly<Record<OptimizerName, Entry>> = {
  grid: { make: grid, batch: (dimension, budget, gridPoints) => min(budget, gridSize(dimension, gridPoints)) },
  'one-plus-one': { make: (options, own) => onePlusOne(options, own), batch: () => 1 },
  'cma-es': { make: (options, own) => cmaEs(options, own), batch: defaultPopulation },
  random: { make: random, batch: all },
  sobol: { make: sobol, batch: all },
};

/** The names that `createOptimizer` knows. */
export const OPTIMIZERS: readonly string[] = OPTIMIZER_NAMES;

/** Whether an optimizer is asked on the compute queue. @throws QschedError (usage) on an unknown name */
export const thinks = (name: string): boolean => entry(name).thinks === true;

/**
 * A new optimizer.
 *
 * @throws QschedError (usage) on an unknown name or an option out of range
 */
export function createOptimizer(name: string, options: OptimizerOptions): Optimizer {
  const { filled, make } = prepare(name, options);
  return askTell(name, filled, make(filled, null), 0);
}

/**
 * The optimizer that `state` was saved from: it asks the same points as if it had never stopped.
 * Budget and tolerance may differ from those of then, and so may the batch, except for `cma-es`.
 *
 * @throws QschedError (usage) where options and state belong to different searches, (failure) where
 * the state is damaged or of a newer version
 */
export function restoreOptimizer(state: OptimizerState, options: OptimizerOptions): Optimizer {
  const { name, version, asked, own } = state;
  const { filled, make } = prepare(name, options);
  if (version !== 1) {
    throw new QschedError(
      'failure',
      `The stored state of ${name} has version ${String(version)}; this program reads version 1.`,
      'Update qsched.',
    );
  }
  if (!Number.isSafeInteger(asked) || asked < 0) throw damaged(name, 'asked is not a whole number');
  if (typeof own !== 'object' || own === null) throw damaged(name, 'it has no content');
  if (state.fingerprint !== fingerprint(name, filled)) {
    throw new QschedError(
      'usage',
      `The stored state of ${name} belongs to another search: its space, seed or options differ.`,
      'Resume with the options it was started with; only the budget may change.',
    );
  }
  return askTell(name, filled, make(filled, own), asked);
}

/**
 * Points that an optimizer asks together unless told otherwise: `one-plus-one` 1, `cma-es` its
 * population 4 + floor(3 ln d), the others all of the budget (`grid`: or all of its points).
 *
 * @throws QschedError (usage) on an unknown name, or a dimension or budget below 1
 */
export function defaultBatch(
  name: string,
  dimension: number,
  budget: number,
  options: Pick<OptimizerOptions, 'gridPoints'> = {},
): number {
  checkWhole('dimension', dimension, 1, Number.MAX_SAFE_INTEGER);
  checkWhole('budget', budget, 1, Number.MAX_SAFE_INTEGER);
  return entry(name).batch(dimension, budget, options.gridPoints ?? 11);
}

function prepare(
  name: string,
  options: OptimizerOptions,
): { filled: ReturnType<typeof fillOptions>; make: MakeAlgorithm } {
  const { make } = entry(name);
  checkSpace(options.space);
  return {
    filled: fillOptions(options, defaultBatch(name, options.space.lower.length, options.budget, options)),
    make,
  };
}

function entry(name: string): Entry {
  const found = OPTIMIZER_NAMES.find((one) => one === name);
  if (found === undefined) {
    throw new QschedError('usage', `There is no optimizer "${name}".`, suggestion(name, OPTIMIZERS));
  }
  return ENTRIES[found];
}
