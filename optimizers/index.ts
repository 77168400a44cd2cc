/** Optimizers: ask for points, tell scores (higher is better), save and restore as plain JSON. */
export { createOptimizer, defaultBatch, OPTIMIZERS, restoreOptimizer } from './create.js';
export type { JsonValue, Optimizer, OptimizerOptions, OptimizerState, Point, SearchSpace } from './optimizer.js';
