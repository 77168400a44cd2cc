/**
 * qsched as a library: schedulers with coefficients, optimizers, scores, statistics, and Pillow's resampling.
 */
export * from './diffusion/index.js';
export * from './metrics/index.js';
export * from './optimizers/index.js';
export type { Coefficients } from './contract/coefficients.js';
export type { PluginBatch, PluginScorer, PluginScores } from './inference/scorers/plugin.js';
export { QschedError, type ErrorCode } from './contract/errors.js';
export { SearchSpec, type SearchSpecInput } from './contract/search-spec.js';
export { parseSearchSpec } from './contract/validate.js';
export type { GainInterval, SearchResult, Verdict } from './contract/search-result.js';
