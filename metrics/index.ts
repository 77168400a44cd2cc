/** Scores and statistics: pure functions of pictures, embeddings and numbers. */
export * from './bootstrap.js';
export * from './clip-iqa.js';
export * from './clip-preprocess.js';
export * from './clip-score.js';
export * from './cmmd.js';
export type { Features } from './features.js';
export * from './frechet.js';
export * from './holm.js';
export * from './image.js';
export * from './jaq.js';
export * from './kid.js';
export type { ResampleFilter } from './resample-weights.js';
export * from './resize-float.js';
export * from './resize-pillow.js';
export * from './statistics.js';
export * from './verdict.js';
