/**
 * The search attributes of a search. Pure, so workflows can import them too.
 */
import { defineSearchAttributeKey } from '@temporalio/common';

/** Typed keys: the columns by which searches are filtered and sorted in the Temporal UI and CLI. */
export const SEARCH_ATTRIBUTES = {
  model: defineSearchAttributeKey('QschedModel', 'KEYWORD'),
  precision: defineSearchAttributeKey('QschedPrecision', 'KEYWORD'),
  bestScore: defineSearchAttributeKey('QschedBestScore', 'DOUBLE'),
  status: defineSearchAttributeKey('QschedStatus', 'KEYWORD'),
  trials: defineSearchAttributeKey('QschedTrials', 'INT'),
} as const;
