/**
 * Searches, their contexts and prompts, and their trials.
 */
import { integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { candidates, contexts, prompts } from './identities.js';
import { now } from './moment.js';

export const searches = sqliteTable('searches', {
  id: text('id').primaryKey(),
  model: text('model').notNull(),
  precision: text('precision').notNull(),
  steps: integer('steps').notNull(),
  optimizer: text('optimizer').notNull(),
  /** JSON: the whole spec, with defaults. */
  spec: text('spec').notNull(),
  /** JSON: what was settled when it was opened first (contract/opening.ts); null for searches of older versions. */
  opening: text('opening'),
  status: text('status', { enum: ['running', 'paused', 'finished', 'failed', 'cancelled'] }).notNull(),
  /** Why it failed or was cancelled. */
  message: text('message'),
  /** What the stored result recommends: calibrated, identity or none. */
  recommend: text('recommend'),
  /** JSON: the latest result with its verdict. A search that is opened again keeps it until the next result. */
  result: text('result'),
  /** When the stored result was written. */
  finishedAt: text('finished_at'),
  createdAt: text('created_at').notNull().default(now),
  updatedAt: text('updated_at').notNull().default(now),
});

const searchId = () =>
  text('search_id')
    .notNull()
    .references(() => searches.id);

/** The contexts of a search: those of its own precision, and those of the control. */
export const searchContexts = sqliteTable(
  'search_contexts',
  {
    searchId: searchId(),
    contextId: text('context_id')
      .notNull()
      .references(() => contexts.id),
  },
  (t) => [primaryKey({ columns: [t.searchId, t.contextId] })],
);

/** The prompts of each split, in order. */
export const searchPrompts = sqliteTable(
  'search_prompts',
  {
    searchId: searchId(),
    split: text('split', { enum: ['calibration', 'select', 'confirm'] }).notNull(),
    position: integer('position').notNull(),
    promptId: text('prompt_id')
      .notNull()
      .references(() => prompts.id),
  },
  (t) => [primaryKey({ columns: [t.searchId, t.split, t.position] })],
);

export const trials = sqliteTable(
  'trials',
  {
    searchId: searchId(),
    stage: text('stage', { enum: ['calibration', 'select', 'confirm', 'control'] }).notNull(),
    /** 0 is the baseline; the others are numbered in the order in which the optimizer asked. */
    number: integer('number').notNull(),
    candidateId: text('candidate_id')
      .notNull()
      .references(() => candidates.id),
    /** JSON array: the optimizer's own point. */
    point: text('point').notNull(),
    status: text('status', { enum: ['asked', 'ok', 'failed', 'raced'] }).notNull(),
    /** `raced`: (prompt, seed) pairs that were scored before it was dropped; null for other trials. */
    pairs: integer('pairs'),
    /** The objective, mean over prompts and seeds; null until it is scored, and if it failed. */
    score: real('score'),
    /** Text compatibility, in the form the objective uses. */
    tc: real('tc'),
    /** Image quality, in the form the objective uses. */
    iq: real('iq'),
    createdAt: text('created_at').notNull().default(now),
    updatedAt: text('updated_at').notNull().default(now),
  },
  (t) => [primaryKey({ columns: [t.searchId, t.stage, t.number] })],
);

/** Scores of the baseline and the finalist per held-out prompt, means over its seeds, as of the latest verdict. */
export const promptScores = sqliteTable(
  'prompt_scores',
  {
    searchId: searchId(),
    scorer: text('scorer').notNull(),
    /** Of the prompt among the held-out prompts. Prompts with failed images are absent. */
    position: integer('position').notNull(),
    promptId: text('prompt_id')
      .notNull()
      .references(() => prompts.id),
    baseline: real('baseline').notNull(),
    finalist: real('finalist').notNull(),
  },
  (t) => [primaryKey({ columns: [t.searchId, t.scorer, t.position] })],
);
