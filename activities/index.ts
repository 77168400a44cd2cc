/**
 * Activity types, for the workflows to call by.
 */
import type { createModelActivities } from './prepare.js';
import type { createScoreActivities } from './score.js';
import type { createStoreActivities } from './store.js';

export type ModelActivities = ReturnType<typeof createModelActivities>;
export type ScoreActivities = ReturnType<typeof createScoreActivities>;
export type StoreActivities = ReturnType<typeof createStoreActivities>;
