/**
 * Evaluations: the terms of one image by one scorer, and the work behind them.
 */
import { index, integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { candidates, contexts, prompts } from './identities.js';
import { now } from './moment.js';
import { searches } from './searches.js';

export const evaluations = sqliteTable(
  'evaluations',
  {
    /** sha256 of context, candidate, prompt and seed. */
    key: text('key').primaryKey(),
    contextId: text('context_id')
      .notNull()
      .references(() => contexts.id),
    candidateId: text('candidate_id')
      .notNull()
      .references(() => candidates.id),
    promptId: text('prompt_id')
      .notNull()
      .references(() => prompts.id),
    seed: integer('seed').notNull(),
    status: text('status', { enum: ['ok', 'failed'] }).notNull(),
    /** Why it failed. */
    reason: text('reason'),
    /** JSON object: raw terms by name, so that other objectives can be ranked later. */
    terms: text('terms'),
    /** The search that made it; others reuse it. */
    searchId: text('search_id')
      .notNull()
      .references(() => searches.id),
    createdAt: text('created_at').notNull().default(now),
    /** Hash of the image in the artefact folder; null if it was not kept. */
    image: text('image'),
  },
  (t) => [index('evaluations_by_candidate').on(t.contextId, t.candidateId)],
);

/**
 * The work on trials: one row per trial and piece. Rows of one piece share `worker` and `recordedAt`, and add up to
 * what the piece took. Pieces whose evaluations were stored already are not counted.
 */
export const work = sqliteTable(
  'work',
  {
    searchId: text('search_id')
      .notNull()
      .references(() => searches.id),
    stage: text('stage', { enum: ['calibration', 'select', 'confirm', 'control'] }).notNull(),
    number: integer('number').notNull(),
    /** Process and host. */
    worker: text('worker').notNull(),
    /** The trial's share of the piece's time, and of that the time inside ONNX Runtime. */
    seconds: real('seconds').notNull(),
    runtimeSeconds: real('runtime_seconds').notNull(),
    /** The trial's share of the rows that the denoiser computed, without and with padding. */
    denoiserRows: real('denoiser_rows').notNull(),
    paddedRows: real('padded_rows').notNull(),
    /** Images of this trial in the piece. */
    evaluations: integer('evaluations').notNull(),
    recordedAt: text('recorded_at').notNull(),
  },
  (t) => [index('work_by_search').on(t.searchId)],
);
