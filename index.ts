/**
 * qsched as a library: schedulers with coefficients, optimizers, scores, and Pillow's resampler.
 */
export * from './diffusion/index.js';
export * from './metrics/index.js';
export * from './optimizers/index.js';
export type { Coefficients } from './spec/coefficients.js';
export type { PluginBatch, PluginScorer, PluginScores } from './inference/scorers/plugin.js';
export { QschedError, type ErrorCode } from './spec/errors.js';
export { SearchSpec, type SearchSpecInput } from './spec/search-spec.js';
export { parseSearchSpec } from './spec/validate.js';
export type { GainInterval, SearchResult, Verdict } from './spec/search-result.js';
