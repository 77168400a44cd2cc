/** Optimizers: ask for points, tell them with their scores (higher is better), save and restore as plain JSON. */
export { OPTIMIZER_NAMES, type OptimizerName } from '../contract/names.js';
export type { Algorithm, MakeAlgorithm, OwnState, Stored } from './ask-tell.js';
export { createOptimizer, defaultBatch, proposeBatch, restoreOptimizer, thinks } from './create.js';
export type {
  JsonValue,
  Optimizer,
  OptimizerOptions,
  OptimizerState,
  Point,
  ScoredPoint,
  SearchSpace,
} from './optimizer.js';
export type { FilledOptions } from './options.js';
export { OPTIMIZERS, type OptimizerEntry, type OptimizerRegistry } from './registry.js';
