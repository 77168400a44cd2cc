/**
 * Activity types, for the workflows to call by.
 */
import type { createComputeActivities } from './compute.js';
import type { createModelActivities } from './model.js';
import type { createScoreActivities } from './score.js';
import type { createStoreActivities } from './store.js';

export type ComputeActivities = ReturnType<typeof createComputeActivities>;
export type ModelActivities = ReturnType<typeof createModelActivities>;
export type ScoreActivities = ReturnType<typeof createScoreActivities>;
export type StoreActivities = ReturnType<typeof createStoreActivities>;
