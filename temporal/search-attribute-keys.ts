/**
 * The search attributes of searches and evaluations. Pure, so workflows can import them too.
 */
import { defineSearchAttributeKey } from '@temporalio/common';

/** Typed keys: the columns by which workflows are filtered and sorted in the Temporal UI and CLI. */
export const SEARCH_ATTRIBUTES = {
  /** running, paused, finished, failed or cancelled. */
  status: defineSearchAttributeKey('QschedStatus', 'KEYWORD'),
  model: defineSearchAttributeKey('QschedModel', 'KEYWORD'),
  precision: defineSearchAttributeKey('QschedPrecision', 'KEYWORD'),
  steps: defineSearchAttributeKey('QschedSteps', 'INT'),
  /** What it does now: prepare, start, identity, search, select, confirm, control, finished; render, summarise. */
  stage: defineSearchAttributeKey('QschedStage', 'KEYWORD'),
  /** Candidates told. */
  trials: defineSearchAttributeKey('QschedTrials', 'INT'),
  /** The best score on the calibration prompts. */
  bestScore: defineSearchAttributeKey('QschedBestScore', 'DOUBLE'),
  /** Over the baseline: on the calibration prompts while it runs, on the held-out prompts once it is finished. */
  gain: defineSearchAttributeKey('QschedGain', 'DOUBLE'),
  /** The verdict: calibrated, identity or none. */
  recommend: defineSearchAttributeKey('QschedRecommend', 'KEYWORD'),
} as const;
