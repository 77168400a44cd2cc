/**
 * The search attributes of a search: pure, so that workflows may import them too.
 */
import { defineSearchAttributeKey } from '@temporalio/common';

/** Typed keys; by these columns searches are found and sorted in the Temporal UI and CLI. */
export const SEARCH_ATTRIBUTES = {
  model: defineSearchAttributeKey('QschedModel', 'KEYWORD'),
  precision: defineSearchAttributeKey('QschedPrecision', 'KEYWORD'),
  bestScore: defineSearchAttributeKey('QschedBestScore', 'DOUBLE'),
  status: defineSearchAttributeKey('QschedStatus', 'KEYWORD'),
  trials: defineSearchAttributeKey('QschedTrials', 'INT'),
} as const;
