/**
 * Schedules, where they came from, and fits.
 */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { now } from './moment.js';
import { searches } from './searches.js';

const KINDS = ['identity', 'q-sched', 'ptqd', 'match', 'file'] as const;

/** Schedules by content: equal steps are one row, whoever made them first. */
export const schedules = sqliteTable('schedules', {
  /** sha256 of the fused steps: everything that decides the samples. */
  id: text('id').primaryKey(),
  kind: text('kind', { enum: KINDS }).notNull(),
  scheduler: text('scheduler').notNull(),
  steps: integer('steps').notNull(),
  /** The model and precision it was made for; null if it depends on the scheduler alone. */
  model: text('model'),
  precision: text('precision'),
  /** JSON: c^x and c^eps. */
  coefficients: text('coefficients').notNull(),
  /** JSON: a, b, d, n of every step. */
  fused: text('fused').notNull(),
  /** JSON: the whole qsched-schedule/1 document. */
  document: text('document').notNull(),
  /** The search it came from. */
  searchId: text('search_id').references(() => searches.id),
  createdAt: text('created_at').notNull().default(now),
});

/**
 * Origins of schedules: several searches, fits and files may give equal steps, each with its own document.
 * Storing one again makes its row the latest.
 */
export const scheduleOrigins = sqliteTable(
  'schedule_origins',
  {
    scheduleId: text('schedule_id')
      .notNull()
      .references(() => schedules.id),
    /** JSON: kind, model, precision, scheduler and searchId, with sorted keys, without absent ones. */
    origin: text('origin').notNull(),
    kind: text('kind', { enum: KINDS }).notNull(),
    /** The search that the document names; it may be in another database. */
    searchId: text('search_id'),
    /** JSON: the whole qsched-schedule/1 document of this origin. */
    document: text('document').notNull(),
    createdAt: text('created_at').notNull().default(now),
    usedAt: text('used_at').notNull().default(now),
  },
  (t) => [primaryKey({ columns: [t.scheduleId, t.origin] }), index('schedule_origins_by_search').on(t.searchId)],
);

/** Fits, by what decides them. */
export const fits = sqliteTable('fits', {
  /** sha256 of the fit's inputs. */
  key: text('key').primaryKey(),
  scheduleId: text('schedule_id')
    .notNull()
    .references(() => schedules.id),
  /** JSON: the whole qsched-schedule/1 document. */
  document: text('document').notNull(),
  /** Number of full-precision trajectories it was fitted on. */
  trajectories: integer('trajectories').notNull(),
  /** JSON: the texts of its prompts. */
  texts: text('texts').notNull(),
  createdAt: text('created_at').notNull().default(now),
});
