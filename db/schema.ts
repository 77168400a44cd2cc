/**
 * The database: one row per evaluation (candidate x prompt x seed x scorer context),
 * trials, searches and provenance; the views are in views.ts.
 */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** The moment of writing, UTC, to the millisecond. */
export const now = sql`(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))`;

/** Everything a score depends on beside coefficients, prompt and seed. */
export const contexts = sqliteTable('contexts', {
  /** sha256 of the provenance. */
  id: text('id').primaryKey(),
  model: text('model').notNull(),
  precision: text('precision').notNull(),
  scorer: text('scorer').notNull(),
  /** JSON: file hashes, schedule without coefficients, scorer version, numeric class. */
  provenance: text('provenance').notNull(),
});

export const prompts = sqliteTable('prompts', {
  /** sha256 of the text. */
  id: text('id').primaryKey(),
  text: text('text').notNull(),
});

export const candidates = sqliteTable('candidates', {
  /** sha256 of the coefficients' float64 bits. */
  id: text('id').primaryKey(),
  /** JSON array: c^x, one per step. */
  sample: text('sample').notNull(),
  /** JSON array: c^eps, one per step. */
  noise: text('noise').notNull(),
});

export const searches = sqliteTable('searches', {
  id: text('id').primaryKey(),
  model: text('model').notNull(),
  precision: text('precision').notNull(),
  steps: integer('steps').notNull(),
  optimizer: text('optimizer').notNull(),
  /** JSON: the whole spec, defaults filled. */
  spec: text('spec').notNull(),
  status: text('status', { enum: ['running', 'finished', 'failed', 'cancelled'] }).notNull(),
  /** Why it failed. */
  message: text('message'),
  /** What the stored result recommends. */
  recommend: text('recommend'),
  /** JSON: the latest result with its verdict; a search that was opened again keeps it until it has another. */
  result: text('result'),
  /** When the stored result was written. */
  finishedAt: text('finished_at'),
  createdAt: text('created_at').notNull().default(now),
  updatedAt: text('updated_at').notNull().default(now),
});

/** Which contexts a search uses: its own precision's, and the control's. */
export const searchContexts = sqliteTable(
  'search_contexts',
  {
    searchId: text('search_id')
      .notNull()
      .references(() => searches.id),
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
    searchId: text('search_id')
      .notNull()
      .references(() => searches.id),
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
    searchId: text('search_id')
      .notNull()
      .references(() => searches.id),
    stage: text('stage', { enum: ['calibration', 'select', 'confirm', 'control'] }).notNull(),
    /** 0 is the identity; then in the order in which the optimizer asked. */
    number: integer('number').notNull(),
    candidateId: text('candidate_id')
      .notNull()
      .references(() => candidates.id),
    /** JSON array: the optimizer's own point. */
    point: text('point').notNull(),
    status: text('status', { enum: ['asked', 'ok', 'failed'] }).notNull(),
    /** The objective, mean over prompts and seeds; null while asked, or failed. */
    score: real('score'),
    /** Text compatibility, the objective's own form. */
    tc: real('tc'),
    /** Image quality, the objective's own form. */
    iq: real('iq'),
    createdAt: text('created_at').notNull().default(now),
    updatedAt: text('updated_at').notNull().default(now),
  },
  (t) => [primaryKey({ columns: [t.searchId, t.stage, t.number] })],
);

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
    /** JSON object: raw terms by name, so that any objective can be ranked later. */
    terms: text('terms'),
    /** The search that made it; others reuse it. */
    searchId: text('search_id')
      .notNull()
      .references(() => searches.id),
    createdAt: text('created_at').notNull().default(now),
  },
  (t) => [index('evaluations_by_candidate').on(t.contextId, t.candidateId)],
);

/** Schedules as things of their own: the same steps are one row, whoever made them first. */
export const schedules = sqliteTable('schedules', {
  /** sha256 of the fused steps: everything that decides the samples. */
  id: text('id').primaryKey(),
  kind: text('kind', { enum: ['identity', 'q-sched', 'ptqd', 'file'] }).notNull(),
  scheduler: text('scheduler').notNull(),
  steps: integer('steps').notNull(),
  /** What it was made for; null where it belongs to a scheduler alone. */
  model: text('model'),
  precision: text('precision'),
  /** JSON: c^x and c^eps. */
  coefficients: text('coefficients').notNull(),
  /** JSON: a, b, d, n of every step. */
  fused: text('fused').notNull(),
  /** JSON: the whole qsched-schedule/1 document. */
  document: text('document').notNull(),
  /** The search that it came from. */
  searchId: text('search_id').references(() => searches.id),
  createdAt: text('created_at').notNull().default(now),
});

/**
 * Who made a schedule: equal steps may come from several searches, fits and files, each with a document of its own.
 * Storing one again makes its row the latest.
 */
export const scheduleOrigins = sqliteTable(
  'schedule_origins',
  {
    scheduleId: text('schedule_id')
      .notNull()
      .references(() => schedules.id),
    /** JSON: kind, model, precision, scheduler and searchId, keys in order, without those that are absent. */
    origin: text('origin').notNull(),
    kind: text('kind', { enum: ['identity', 'q-sched', 'ptqd', 'file'] }).notNull(),
    /** The search that the document names, in whatever database that is. */
    searchId: text('search_id'),
    /** JSON: the whole qsched-schedule/1 document, as this origin made it. */
    document: text('document').notNull(),
    createdAt: text('created_at').notNull().default(now),
    usedAt: text('used_at').notNull().default(now),
  },
  (t) => [primaryKey({ columns: [t.scheduleId, t.origin] }), index('schedule_origins_by_search').on(t.searchId)],
);

/** PTQD fits, by what they were made of. */
export const fits = sqliteTable('fits', {
  /** sha256 of options, prompts, seeds and both networks' contexts. */
  key: text('key').primaryKey(),
  scheduleId: text('schedule_id')
    .notNull()
    .references(() => schedules.id),
  /** JSON: the whole qsched-schedule/1 document. */
  document: text('document').notNull(),
  /** Full-precision trajectories that it was fitted on. */
  trajectories: integer('trajectories').notNull(),
  /** JSON: the texts of its prompts. */
  texts: text('texts').notNull(),
  createdAt: text('created_at').notNull().default(now),
});

/** Evaluations and studies: what was asked for, and what came out. */
export const runs = sqliteTable('runs', {
  id: text('id').primaryKey(),
  kind: text('kind', { enum: ['evaluate', 'study'] }).notNull(),
  name: text('name').notNull(),
  /** JSON: the whole spec, defaults filled. */
  spec: text('spec').notNull(),
  status: text('status', { enum: ['running', 'finished', 'failed', 'cancelled'] }).notNull(),
  /** Why it failed. */
  message: text('message'),
  /** JSON: the latest table; a run that was opened again keeps it until it has another. */
  result: text('result'),
  createdAt: text('created_at').notNull().default(now),
  updatedAt: text('updated_at').notNull().default(now),
});

export { bestCoefficients, searchProgress, trialHistory } from './views.js';
