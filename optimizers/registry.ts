/**
 * All optimizers by name. To add one: its name in contract/names.ts, its algorithm in its own file, and an entry
 * here.
 */
import type { OptimizerName } from '../contract/names.js';
import type { MakeAlgorithm } from './ask-tell.js';
import { auto } from './auto.js';
import { defaultPopulation } from './cma-constants.js';
import { cmaEs } from './cma-es.js';
import { gp } from './gp.js';
import { grid, gridSize } from './grid.js';
import { onePlusOne } from './one-plus-one.js';
import { random } from './random.js';
import { sobol } from './sobol.js';

const { min } = Math;

/** One optimizer. */
export interface OptimizerEntry {
  readonly make: MakeAlgorithm;
  /** Points per ask by default. */
  readonly batch: (dimension: number, budget: number, gridPoints: number) => number;
  /**
   * Whether asking may take longer than 50 ms. Such an optimizer is asked on the compute queue, and a resumed search
   * uses the points that it asked then. Building one and telling it must still be quick.
   */
  readonly thinks?: boolean;
}

/** Optimizers by name. */
export type OptimizerRegistry = Readonly<Record<string, OptimizerEntry>>;

/** Enough for two network batches per pair of workers, few enough that most points know of the others. */
const MODEL_BATCH = 8;

const wholeBudget: OptimizerEntry['batch'] = (_dimension, budget) => budget;

export const OPTIMIZERS: Readonly<Record<OptimizerName, OptimizerEntry>> = {
  grid: { make: grid, batch: (dimension, budget, gridPoints) => min(budget, gridSize(dimension, gridPoints)) },
  'one-plus-one': { make: (options, stored) => onePlusOne(options, stored), batch: () => 1 },
  'cma-es': { make: (options, stored) => cmaEs(options, stored), batch: defaultPopulation },
  gp: { make: gp, batch: () => MODEL_BATCH, thinks: true },
  auto: { make: auto, batch: () => MODEL_BATCH, thinks: true },
  random: { make: random, batch: wholeBudget },
  sobol: { make: sobol, batch: wholeBudget },
};
