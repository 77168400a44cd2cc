/**
 * Evaluations and studies as runs: specs and results.
 */
import { sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { now } from './moment.js';

export const runs = sqliteTable('runs', {
  id: text('id').primaryKey(),
  kind: text('kind', { enum: ['evaluate', 'study', 'gate'] }).notNull(),
  name: text('name').notNull(),
  /** JSON: the whole spec, with defaults. */
  spec: text('spec').notNull(),
  status: text('status', { enum: ['running', 'paused', 'finished', 'failed', 'cancelled'] }).notNull(),
  /** Why it failed or was cancelled. */
  message: text('message'),
  /** JSON: the latest table. A run that is opened again keeps it until the next one. */
  result: text('result'),
  createdAt: text('created_at').notNull().default(now),
  updatedAt: text('updated_at').notNull().default(now),
});
