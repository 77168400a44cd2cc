/**
 * qsched as a library: schedulers with coefficients, optimizers, searches, the database, scores of images, statistics, and
 * Pillow's resampling. Examples: docs/library.md.
 */
export * from './diffusion/index.js';
export * from './metrics/index.js';
export * from './optimizers/index.js';
export type { Coefficients } from './contract/coefficients.js';
export type { PluginBatch, PluginScorer, PluginScores } from './inference/scorers/plugin.js';
export { QschedError, type ErrorCode } from './contract/errors.js';
export { SearchSpec, type SearchSpecInput } from './contract/search-spec.js';
export { parseSearchSpec } from './contract/validate.js';
export type { GainInterval, SearchProgress, SearchResult, Verdict } from './contract/search-result.js';
export type { BestRow, PromptGainRow, SearchRow, TrialRow, TrialStage } from './library/database-rows.js';
export { openDatabase, type SearchDatabase } from './library/open-database.js';
export type { ImageSource } from './library/read-image.js';
export type { ImageScores, ScoreImagesOptions } from './library/image-scores.js';
export { scoreImages } from './library/score-images.js';
export type { SearchHandle } from './library/search-handle.js';
export type { StartSearchOptions } from './library/start-search-options.js';
export { startSearch } from './library/start-search.js';
